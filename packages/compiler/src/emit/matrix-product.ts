import type { FunctionBuilder, FunctionRef, Local, Value } from '../wasm/index.ts';
import type { Output } from './kernel.ts';
import { Nest } from './nest.ts';
import type { Element } from './precision.ts';
import type { Target } from './target.ts';
import type { View } from './view.ts';

/** Rows of a tile that is kept in registers, with two vectors a row, and with one. */
const tileRows = { 1: 6, 2: 4 } as const;
/** Steps along the summed axis after which the sums go to memory, so that what is read again stays in the first cache. */
const depth = 256;
/** Steps so far apart compete for the same few lines of the cache: good for a panel, which is copied once. */
const scatteredBytes = 2048;
/** With at least so many rows a panel of b is worth copying. */
const rowsToPack = 12;

/** Rows and columns of one product, and how far neighbours lie apart, in elements. */
interface Sizes {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly a: readonly [row: number, inner: number];
  readonly b: readonly [inner: number, column: number];
  readonly c: readonly [row: number, column: number];
  readonly add: boolean;
}

/** Bytes of scratch memory that a product needs for a panel of b. */
export function panelBytes(inner: number): number {
  return Math.min(inner, depth) * 32;
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
  const rank = c.shape.length;
  const rows = c.shape[rank - 2]!;
  const columns = c.shape[rank - 1]!;
  const inner = a.shape[rank - 1]!;
  if (c.shape.includes(0)) return;
  const last = (view: View, order: readonly [number, number]) =>
    [view.strides[rank - 2 + order[0]]!, view.strides[rank - 2 + order[1]]!] as const;
  const plain = [0, 1] as const;
  const swapped = [1, 0] as const;
  // Few columns waste lanes: then the product is formed transposed, with vectors along the rows.
  const scattered = (stride: number) => stride * target.element.size >= scatteredBytes;
  const across =
    (columns < target.element.lanes && rows > columns) ||
    (scattered(a.strides[rank - 1]!) && !scattered(b.strides[rank - 2]!));
  const sizes: Sizes = across
    ? { rows: columns, inner, columns: rows, a: last(b, swapped), b: last(a, swapped), c: last(c, swapped), add }
    : { rows, inner, columns, a: last(a, plain), b: last(b, plain), c: last(c, plain), add };
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

function productFunction(target: Target, sizes: Sizes): FunctionRef<readonly []> {
  const { module, element } = target;
  const { rows, inner, columns, a, b, c, add } = sizes;
  const key = `product ${element.type} ${rows}x${inner}x${columns} ${a} ${b} ${c} ${add}`;
  return module.once(key, () =>
    module.function(key, { a: 'i32', b: 'i32', c: 'i32', panel: 'i32' }, [], (f, pointers) => {
      new ProductWriter(target, f, sizes, pointers).write();
    }),
  ) as FunctionRef<readonly []>;
}

/** As many vectors as have lanes, transposed by interleaving them: once for two, twice for four. */
function transposed(f: FunctionBuilder, vector: Element['vector'], rows: readonly Local<'v128'>[]): Local<'v128'>[] {
  const half = rows.length / 2;
  const interleaved = (n: number, from: number) => {
    const lanes = rows.map((_, lane) => from + (lane >> 1) + (lane % 2) * rows.length);
    return f.let(f[vector].pick(turned[n]!, turned[n + half]!, lanes));
  };
  let turned = [...rows];
  for (let size = 1; size < rows.length; size *= 2) {
    turned = rows.map((_, n) => interleaved(n >> 1, (n % 2) * half));
  }
  return turned;
}

/** Runs the body so many times. */
function emitRepeat(f: FunctionBuilder, count: number, body: () => void): void {
  if (count === 0) return;
  if (count === 1) {
    body();
    return;
  }
  const left = f.local('i32');
  f.set(left, count);
  f.loop((again) => {
    body();
    f.brIf(again, f.tee(left, f.i32.sub(left, 1)));
  });
  f.free(left);
}

interface Pointers {
  readonly a: Local<'i32'>;
  readonly b: Local<'i32'>;
  readonly c: Local<'i32'>;
  readonly panel: Local<'i32'>;
}

/** Columns of c that are done together: a panel of b. */
interface Panel {
  readonly vectors: 1 | 2;
  readonly columns: number;
  readonly packed: boolean;
}

class ProductWriter {
  readonly #target: Target;
  readonly #f: FunctionBuilder;
  readonly #sizes: Sizes;
  readonly #at: Pointers;

  constructor(target: Target, f: FunctionBuilder, sizes: Sizes, pointers: Pointers) {
    this.#target = target;
    this.#f = f;
    this.#sizes = sizes;
    this.#at = pointers;
  }

  write(): void {
    const f = this.#f;
    const { lanes, size } = this.#target.element;
    const { rows, columns, b, c } = this.#sizes;
    const width = 2 * lanes;
    const full = Math.floor(columns / width);
    const rest = columns % width;
    const direct = b[1] === 1 && (rows < rowsToPack || b[0] === width);
    emitRepeat(f, full, () => {
      this.#panel({ vectors: 2, columns: width, packed: !direct });
      f.set(this.#at.b, f.i32.add(this.#at.b, width * b[1] * size));
      f.set(this.#at.c, f.i32.add(this.#at.c, width * c[1] * size));
    });
    if (rest > 0) {
      const vectors = rest > lanes ? 2 : 1;
      this.#panel({ vectors, columns: rest, packed: !(direct && rest === vectors * lanes) });
    }
  }

  #panel(panel: Panel): void {
    const f = this.#f;
    const { size } = this.#target.element;
    const { rows, a, c } = this.#sizes;
    if (panel.packed) this.#pack(panel);
    const pointerA = f.let(f.get(this.#at.a));
    const pointerC = f.let(f.get(this.#at.c));
    const height = tileRows[panel.vectors];
    emitRepeat(f, Math.floor(rows / height), () => {
      this.#tile(panel, height, pointerA, pointerC);
      f.set(pointerA, f.i32.add(pointerA, height * a[0] * size));
      f.set(pointerC, f.i32.add(pointerC, height * c[0] * size));
    });
    if (rows % height > 0) this.#tile(panel, rows % height, pointerA, pointerC);
    f.free(pointerA, pointerC);
  }

  /** Copies a panel of b so that its rows follow each other, filled up with zeros to whole vectors. */
  #pack({ vectors, columns }: Panel): void {
    const f = this.#f;
    const { element } = this.#target;
    const { lanes, size, vector } = element;
    const { inner, b } = this.#sizes;
    const from = f.let(f.get(this.#at.b));
    const to = f.let(f.get(this.#at.panel));
    // Where neighbours in memory lie along the sum, whole vectors are read, and as many as have lanes are transposed.
    const turned = b[0] === 1 && b[1] !== 1 ? Math.floor(inner / lanes) : 0;
    emitRepeat(f, turned, () => {
      for (let v = 0; v < vectors; v++) {
        f.scope(() => {
          const read = Array.from({ length: lanes }, (_, lane) => {
            const column = v * lanes + lane;
            return f.let(column < columns ? f[vector].load(from, column * b[1] * size) : f[vector].const(0));
          });
          for (const [k, row] of transposed(f, vector, read).entries()) {
            f[vector].store(to, row, (k * vectors + v) * 16);
          }
        });
      }
      f.set(from, f.i32.add(from, lanes * size));
      f.set(to, f.i32.add(to, lanes * vectors * 16));
    });
    emitRepeat(f, inner - turned * lanes, () => {
      for (let v = 0; v < vectors; v++) {
        const valid = Math.min(lanes, columns - v * lanes);
        const first = v * lanes * b[1] * size;
        const address = f.get(to);
        f[vector].store(address, this.#gather(from, first, b[1], valid), v * 16);
      }
      f.set(from, f.i32.add(from, b[0] * size));
      f.set(to, f.i32.add(to, vectors * 16));
    });
    f.free(from, to);
  }

  /** The first `valid` lanes from memory, the others zero. */
  #gather(from: Local<'i32'>, offset: number, stride: number, valid: number): Value<'v128'> {
    const f = this.#f;
    const { lanes, size, vector } = this.#target.element;
    if (stride === 1 && valid === lanes) return f[vector].load(from, offset);
    // All addresses first: a lane's load wants its address below the vector.
    const addresses = Array.from({ length: valid }, () => f.get(from));
    let gathered =
      size === 4 ? f.v128.load32Zero(addresses.pop()!, offset) : f.v128.load64Zero(addresses.pop()!, offset);
    for (let lane = 1; lane < valid; lane++) {
      const at = offset + lane * stride * size;
      const address = addresses.pop()!;
      gathered =
        size === 4 ? f.v128.load32Lane(address, gathered, lane, at) : f.v128.load64Lane(address, gathered, lane, at);
    }
    return gathered;
  }

  #tile(panel: Panel, height: number, pointerA: Local<'i32'>, pointerC: Local<'i32'>): void {
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
    this.#store(panel, height, pointerC, sums);
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
