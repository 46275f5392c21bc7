import type { FunctionBuilder, Local, Value } from '@neural-ode/assembler';
import type { Element } from './precision.ts';
import type { ProductPointers, ProductSizes } from './product-sizes.ts';
import { emitRepeat } from './repeat.ts';

/** Columns of c that are done together: a panel of b. */
export interface Panel {
  readonly vectors: 1 | 2;
  readonly columns: number;
  readonly packed: boolean;
}

/** Copies a panel of b so that its rows follow each other, filled up with zeros to whole vectors. */
export function emitPack(
  f: FunctionBuilder,
  element: Element,
  { vectors, columns }: Panel,
  { inner, b }: Pick<ProductSizes, 'inner' | 'b'>,
  at: Pick<ProductPointers, 'b' | 'panel'>,
): void {
  const { lanes, size, vector } = element;
  const from = f.let(f.get(at.b));
  const to = f.let(f.get(at.panel));
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
      f[vector].store(address, gather(f, element, from, first, b[1], valid), v * 16);
    }
    f.set(from, f.i32.add(from, b[0] * size));
    f.set(to, f.i32.add(to, vectors * 16));
  });
  f.free(from, to);
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

/** The first `valid` lanes from memory, the others zero. */
function gather(
  f: FunctionBuilder,
  { lanes, size, vector }: Element,
  from: Local<'i32'>,
  offset: number,
  stride: number,
  valid: number,
): Value<'v128'> {
  if (stride === 1 && valid === lanes) return f[vector].load(from, offset);
  // All addresses first: a lane's load wants its address below the vector.
  const addresses = Array.from({ length: valid }, () => f.get(from));
  let gathered = size === 4 ? f.v128.load32Zero(addresses.pop()!, offset) : f.v128.load64Zero(addresses.pop()!, offset);
  for (let lane = 1; lane < valid; lane++) {
    const at = offset + lane * stride * size;
    const address = addresses.pop()!;
    gathered =
      size === 4 ? f.v128.load32Lane(address, gathered, lane, at) : f.v128.load64Lane(address, gathered, lane, at);
  }
  return gathered;
}
