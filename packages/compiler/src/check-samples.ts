import type { InputNode, SlopeProgram } from './graph/graph.ts';
import { sizeOf } from './graph/graph.ts';
import { valuesOf } from './graph/values.ts';
import { CompileError } from './trace/compile-error.ts';
import type { Trace } from './trace/trace.ts';

/**
 * Checks on arbitrary numbers that a field treats the samples of a batch alike and apart.
 *
 * @param one traced on one sample
 * @param two traced on a batch of two
 * @throws CompileError when a sample's slope is another in the batch
 */
export function checkSamples(one: Trace, two: Trace): void {
  const { parameters } = one.slope.inputs;
  const same = parameters.length === two.parameters.length;
  if (same) {
    const values = parameters.map((leaf) => arbitrary(leaf, 1));
    const rows = [2, 3].map((seed) => one.slope.inputs.y.map((leaf) => arbitrary(leaf, seed)));
    const batch = one.slope.inputs.y.map((_, leaf) => rows.flatMap((row) => row[leaf] as number[]));
    const slopes = (program: SlopeProgram, y: readonly number[][]) =>
      valuesOf(program.outputs.slope, ({ role, index }, n) =>
        role === 't' ? 0.3 : ((role === 'y' ? y : values)[index]?.[n] as number),
      );
    const together = slopes(two.slope, batch);
    const apart = rows.map((row) => slopes(one.slope, row));
    const agree = together.every((leaf, n) => {
      const expected = apart.flatMap((slope) => slope[n] as readonly number[]);
      return leaf.every((value, i) => close(value, expected[i] as number));
    });
    if (agree) return;
  }
  throw new CompileError(
    'ownSteps',
    'The field mixes the samples of a batch: the slope of one is another where it stands beside a second; for ownSteps and ' +
      'threads reduce and multiply along other axes than the first.',
  );
}

function arbitrary({ shape }: InputNode, seed: number): number[] {
  return Array.from({ length: sizeOf(shape) }, (_, n) => 0.55 + 0.45 * Math.sin(seed + 1.7 * n));
}

function close(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= 1e-9 * (1 + Math.abs(a));
}
