import type { FunctionBuilder, Local } from '@neural-ode/assembler';
import { type Epilogue, emitEpilogue, sidesOf } from './epilogue.ts';
import { emitPack, type Panel } from './panel.ts';
import type { ProductPointers, ProductSizes } from './product-sizes.ts';
import { emitRepeat } from './repeat.ts';
import type { Target } from './target.ts';

/** Rows of a tile that is kept in registers, with two vectors a row, and with one. */
const tileRows = { 1: 6, 2: 4 } as const;
/** With at least so many rows a panel of b is worth copying. */
const rowsToPack = 12;

/** Writes the code of one product, panel by panel of b, tile by tile of c. */
export class ProductWriter {
  readonly #target: Target;
  readonly #f: FunctionBuilder;
  readonly #sizes: ProductSizes;
  readonly #at: ProductPointers;
  readonly #epilogue: Epilogue | undefined;
  /** What is written, and read besides a and b, with how far rows and columns lie apart: c, or the epilogue's arrays. */
  readonly #sides: readonly { readonly at: Local<'i32'>; readonly row: number; readonly column: number }[];

  /**
   * @param after what becomes of the product in the place of c, on the arrays at its `sides`; columns are a multiple of the
   *   lanes then
   */
  constructor(
    target: Target,
    f: FunctionBuilder,
    sizes: ProductSizes,
    pointers: ProductPointers,
    after?: { readonly epilogue: Epilogue; readonly sides: readonly Local<'i32'>[] },
  ) {
    this.#target = target;
    this.#f = f;
    this.#sizes = sizes;
    this.#at = pointers;
    this.#epilogue = after?.epilogue;
    const [row, column] = sizes.c;
    this.#sides = after
      ? sidesOf(after.epilogue).map((side, n) => ({ ...side, at: after.sides[n] as Local<'i32'> }))
      : [{ at: pointers.c, row, column }];
  }

  write(): void {
    const f = this.#f;
    const { lanes, size } = this.#target.element;
    const { rows, columns, b } = this.#sizes;
    const width = 2 * lanes;
    const full = Math.floor(columns / width);
    const rest = columns % width;
    const direct = b[1] === 1 && (rows < rowsToPack || b[0] === width);
    emitRepeat(f, full, () => {
      this.#panel({ vectors: 2, columns: width, packed: !direct });
      f.set(this.#at.b, f.i32.add(this.#at.b, width * b[1] * size));
      for (const { at, column } of this.#sides) if (column > 0) f.set(at, f.i32.add(at, width * column * size));
    });
    if (rest > 0) {
      const vectors = rest > lanes ? 2 : 1;
      this.#panel({ vectors, columns: rest, packed: !(direct && rest === vectors * lanes) });
    }
  }

  #panel(panel: Panel): void {
    const f = this.#f;
    const { size } = this.#target.element;
    const { rows, a } = this.#sizes;
    if (panel.packed) emitPack(f, this.#target.element, panel, this.#sizes, this.#at);
    const pointerA = f.let(f.get(this.#at.a));
    const sides = this.#sides.map(({ at }) => f.let(f.get(at)));
    const height = tileRows[panel.vectors];
    emitRepeat(f, Math.floor(rows / height), () => {
      this.#tile(panel, height, pointerA, sides);
      f.set(pointerA, f.i32.add(pointerA, height * a[0] * size));
      for (const [n, { row }] of this.#sides.entries()) {
        const side = sides[n] as Local<'i32'>;
        if (row > 0) f.set(side, f.i32.add(side, height * row * size));
      }
    });
    if (rows % height > 0) this.#tile(panel, rows % height, pointerA, sides);
    f.free(pointerA, ...sides);
  }

  #tile(panel: Panel, height: number, pointerA: Local<'i32'>, sides: readonly Local<'i32'>[]): void {
    const f = this.#f;
    const { size, vector } = this.#target.element;
    const { inner, a, b } = this.#sizes;
    const { vectors } = panel;
    const is = f[vector];
    const rowBytes = panel.packed ? vectors * 16 : b[0] * size;
    const sums = Array.from({ length: height * vectors }, () => {
      const sum = f.local('v128');
      f.set(sum, is.const(0));
      return sum;
    });
    const fromA = f.let(f.get(pointerA));
    const fromB = f.let(f.get(panel.packed ? this.#at.panel : this.#at.b));
    const right = Array.from({ length: vectors }, () => f.local('v128'));
    const left = f.local('v128');
    // One step a turn: V8 puts all loads of straight code first, so several steps spill the sums to memory.
    emitRepeat(f, inner, () => {
      right.forEach((local, v) => {
        f.set(local, is.load(fromB, v * 16));
      });
      for (let row = 0; row < height; row++) {
        f.set(left, is.loadSplat(fromA, row * a[0] * size));
        right.forEach((local, v) => {
          const sum = sums[row * vectors + v]!;
          f.set(sum, is.fma(left, local, sum));
        });
      }
      f.set(fromA, f.i32.add(fromA, a[1] * size));
      f.set(fromB, f.i32.add(fromB, rowBytes));
    });
    f.free(fromA, fromB, left, ...right);
    if (this.#epilogue) {
      for (const [n, sum] of sums.entries()) {
        const place = [Math.floor(n / vectors), (n % vectors) * this.#target.element.lanes] as const;
        emitEpilogue(this.#target, f, this.#epilogue, sum, sides, place);
      }
    } else {
      this.#store(panel, height, sides[0] as Local<'i32'>, sums);
    }
    f.free(...sums);
  }

  #store(panel: Panel, height: number, pointerC: Local<'i32'>, sums: readonly Local<'v128'>[]): void {
    const f = this.#f;
    const { lanes, size, type, vector } = this.#target.element;
    const { c, add } = this.#sizes;
    const scalar = f[type];
    for (let row = 0; row < height; row++) {
      for (let v = 0; v < panel.vectors; v++) {
        const sum = sums[row * panel.vectors + v]!;
        const valid = Math.min(lanes, panel.columns - v * lanes);
        const at = (row * c[0] + v * lanes * c[1]) * size;
        if (valid === lanes && c[1] === 1) {
          const address = f.get(pointerC);
          f[vector].store(address, add ? f[vector].add(f[vector].load(pointerC, at), sum) : sum, at);
          continue;
        }
        for (let lane = 0; lane < valid; lane++) {
          const offset = at + lane * c[1] * size;
          const address = f.get(pointerC);
          const old = add ? scalar.load(pointerC, offset) : undefined;
          const value = f[vector].extractLane(sum, lane);
          scalar.store(address, (old ? scalar.add(old as never, value as never) : value) as never, offset);
        }
      }
    }
  }
}
