import type { FunctionBuilder, Local, Value } from '@neural-ode/assembler';
import { Evaluator } from './evaluator.ts';
import type { Formulas, Output } from './kernel.ts';
import { mathCalls } from './math-call.ts';
import type { Target } from './target.ts';
import type { View } from './view.ts';

/** Formulas of a product's elements, written in its place: a bias and an activation, or what an activation's slope makes of it. */
export interface Epilogue {
  /** Over views of the product's shape, one row a row. */
  readonly formulas: Formulas;
  /** The leaf that is the product itself. */
  readonly product: number;
  readonly outputs: readonly Output[];
}

/** An array that an epilogue reads or writes: how far rows and columns lie apart, in elements. */
interface Side {
  readonly view: View;
  readonly row: number;
  readonly column: number;
}

/** The arrays of an epilogue of so many rows and columns: what it reads, the product apart, and then what it writes. */
export function sidesOf({ formulas, product, outputs }: Epilogue): Side[] {
  const read = formulas.leaves.filter((_, leaf) => leaf !== product);
  return [...read, ...outputs.map(({ view }) => view)].map((view) => {
    const [row = 0, column = 0] = view.strides.slice(-2);
    return { view, row, column };
  });
}

/** Whether an epilogue can be written on vectors of whole rows. */
export function canFollow(epilogue: Epilogue, rank: number): boolean {
  const sides = sidesOf(epilogue);
  const outputs = sides.slice(-epilogue.outputs.length);
  return (
    sides.every(
      ({ view, row, column }) => view.strides.length === rank && row >= 0 && (column === 0 || column === 1),
    ) && outputs.every(({ column }) => column === 1)
  );
}

/**
 * Writes the formulas of one vector of the product.
 *
 * @param at the addresses of the sides' first row in the tile
 * @param row the vector's, and its first column
 */
export function emitEpilogue(
  target: Target,
  f: FunctionBuilder,
  epilogue: Epilogue,
  sum: Local<'v128'>,
  at: readonly Local<'i32'>[],
  [row, column]: readonly [number, number],
): void {
  const { formulas, product, outputs } = epilogue;
  const { size, vector } = target.element;
  const sides = sidesOf(epilogue);
  const read = (n: number): Value<'v128'> => {
    const side = sides[n]!;
    const offset = (row * side.row + column * side.column) * size;
    return side.column === 1 ? f[vector].load(at[n]!, offset) : f[vector].loadSplat(at[n]!, offset);
  };
  const load = (leaf: number) => {
    if (leaf === product) return f.get(sum);
    return read(leaf < product ? leaf : leaf - 1);
  };
  const first = formulas.leaves.length - 1;
  new Evaluator(f, vector, load, mathCalls(target.module)).run(formulas.roots, (n, take) => {
    const { row: down } = sides[first + n]!;
    const address = f.get(at[first + n]!);
    const value = () => {
      if (!outputs[n]!.add) return take() as Value<'v128'>;
      const old = read(first + n);
      return f[vector].add(old, take() as Value<'v128'>);
    };
    f[vector].store(address, value(), (row * down + column) * size);
  });
}
