import type { FunctionBuilder, FunctionRef, Local } from '@neural-ode/assembler';
import { canFollow, type Epilogue, sidesOf } from './epilogue.ts';
import type { Output } from './kernel.ts';
import { Nest } from './nest.ts';
import type { ProductSizes } from './product-sizes.ts';
import { ProductWriter } from './product-writer.ts';
import { emitRepeat } from './repeat.ts';
import type { Target } from './target.ts';
import type { View } from './view.ts';

/** Steps along the summed axis after which the sums go to memory, so that what is read again stays in the first cache. */
const depth = 256;
/** Steps so far apart compete for the same few lines of the cache: good for a panel, which is copied once. */
const scatteredBytes = 2048;

/** Bytes of scratch memory that a product needs for a panel of b. */
export function panelBytes(inner: number): number {
  return Math.min(inner, depth) * 32;
}

/** The sizes of one product, and whether it is formed transposed: few columns waste lanes, and only b is copied into panels. */
function sizesOf(
  target: Target,
  a: View,
  b: View,
  { view: c, add }: Output,
): ProductSizes & { readonly across: boolean } {
  const rank = c.shape.length;
  const [rows, columns, inner] = [c.shape[rank - 2]!, c.shape[rank - 1]!, a.shape[rank - 1]!];
  const last = (view: View, order: readonly [number, number]) =>
    [view.strides[rank - 2 + order[0]]!, view.strides[rank - 2 + order[1]]!] as const;
  const [plain, swapped] = [[0, 1] as const, [1, 0] as const];
  const scattered = (stride: number) => stride * target.element.size >= scatteredBytes;
  const narrow = columns < target.element.lanes && rows > columns;
  const across = narrow || (scattered(a.strides[rank - 1]!) && !scattered(b.strides[rank - 2]!));
  return across
    ? {
        across,
        rows: columns,
        inner,
        columns: rows,
        a: last(b, swapped),
        b: last(a, swapped),
        c: last(c, swapped),
        add,
      }
    : { across, rows, inner, columns, a: last(a, plain), b: last(b, plain), c: last(c, plain), add };
}

/** c = a b for the last two axes, over all axes before them, which the three views share. */
export function emitMatrixProduct(
  target: Target,
  f: FunctionBuilder,
  a: View,
  b: View,
  { view: c, add }: Output,
  panel: number,
): void {
  if (c.shape.includes(0)) return;
  const { across, ...sizes } = sizesOf(target, a, b, { view: c, add });
  const { inner } = sizes;
  // The odd steps first, then as often as needed all steps of a block.
  const blocks = Math.max(0, Math.ceil(inner / depth) - 1);
  const odd = inner - blocks * depth;
  const first = productFunction(target, { ...sizes, inner: odd });
  const lengths = c.shape.slice(0, -2);
  const views = (across ? [b, a, c] : [a, b, c]).map((view) => ({
    ...view,
    shape: lengths,
    strides: view.strides.slice(0, -2),
  }));
  const nest = new Nest(f, target.element, { lengths, views });
  nest.loops(0, lengths.length, () => {
    f.scope(() => {
      const [left, right, out] = [0, 1, 2].map((view) => f.let(nest.address(view))) as [
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
      ];
      const forward = (steps: number) => {
        f.set(left, f.i32.add(left, steps * sizes.a[1] * target.element.size));
        f.set(right, f.i32.add(right, steps * sizes.b[0] * target.element.size));
      };
      f.call(first, left, right, out, panel);
      if (blocks === 0) return;
      const next = productFunction(target, { ...sizes, inner: depth, add: true });
      forward(odd);
      emitRepeat(f, blocks, () => {
        f.call(next, left, right, out, panel);
        forward(depth);
      });
    });
  });
  nest.end();
}

/**
 * Formulas of a product's elements, computed while a tile of them is in registers; `c` is the product's shape, as a view.
 *
 * @returns false, with nothing written, where the product has to be written first
 */
export function emitFusedProduct(
  target: Target,
  f: FunctionBuilder,
  [a, b, c]: readonly [View, View, View],
  panel: number,
  epilogue: Epilogue,
): boolean {
  const { module, element } = target;
  const rank = c.shape.length;
  const sizes = sizesOf(target, a, b, { view: c, add: false });
  const fits =
    !sizes.across && sizes.inner <= depth && sizes.columns % element.lanes === 0 && sizes.rows * sizes.inner > 0;
  if (!fits || c.shape.slice(0, -2).some((length) => length !== 1) || !canFollow(epilogue, rank)) return false;
  const sides = sidesOf(epilogue);
  const names = sides.map((_, n) => `side${n}`);
  const types = {
    a: 'i32',
    b: 'i32',
    panel: 'i32',
    ...Object.fromEntries(names.map((name) => [name, 'i32'])),
  } as const;
  const fused = module.function('product', types, [], (g, pointers) => {
    const at = pointers as Record<string, Local<'i32'>>;
    const after = { epilogue, sides: names.map((name) => at[name] as Local<'i32'>) };
    const { a, b, panel } = at as Record<'a' | 'b' | 'panel', Local<'i32'>>;
    new ProductWriter(target, g, sizes, { a, b, c: a, panel }, after).write();
  });
  f.scope(() => {
    const address = ({ base, offset }: View) =>
      f.let(f.i32.add(base.pointer ?? 0, base.address + offset * element.size));
    const [left, right] = [address(a), address(b)];
    const others = sides.map(({ view }) => address(view));
    f.call(fused, left, right, panel, ...others);
  });
  return true;
}

function productFunction(target: Target, sizes: ProductSizes): FunctionRef<readonly []> {
  const { module, element } = target;
  const { rows, inner, columns, a, b, c, add } = sizes;
  const key = `product ${element.type} ${rows}x${inner}x${columns} ${a} ${b} ${c} ${add}`;
  return module.once(key, () =>
    module.function(key, { a: 'i32', b: 'i32', c: 'i32', panel: 'i32' }, [], (f, pointers) => {
      new ProductWriter(target, f, sizes, pointers).write();
    }),
  ) as FunctionRef<readonly []>;
}
