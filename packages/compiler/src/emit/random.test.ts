import { expect, it } from 'vitest';
import { interpret } from '../graph/interpret.ts';
import { randomProgram } from '../graph/random-program.ts';
import { simplify } from '../graph/simplify.ts';
import { start } from './fixtures.ts';

/** How many programs, and the first one's seed: more of them by `FUZZ=2000 SEED=500`. */
const count = Number(process.env.FUZZ ?? 60);
const first = Number(process.env.SEED ?? 1);

it.each([
  ['float64', 'unrolled', 1e-10],
  ['float64', 'loops', 1e-10],
  ['float32', 'unrolled', 2e-4],
  ['float32', 'loops', 2e-4],
] as const)('%s %s random programs', (precision, mode, tolerance) => {
  for (let seed = first; seed < first + count; seed++) {
    const { program, inputs } = randomProgram({ seed });
    const round = precision === 'float32' ? Math.fround : (x: number) => x;
    const rounded = {
      t: round(inputs.t),
      y: inputs.y.map((x) => Float64Array.from(x, round)),
      parameters: inputs.parameters.map((x) => Float64Array.from(x, round)),
    };
    const expected = interpret(program, rounded).slope.flatMap((x) => Array.from(x));
    for (const tried of [program, simplify(program)]) {
      const actual = start(tried, undefined, { precision, mode }).slope(rounded);
      expect(actual.length).toBe(expected.length);
      const scale = Math.max(1, ...expected.map((x) => (Number.isFinite(x) ? Math.abs(x) : 0)));
      actual.forEach((value, n) => {
        const wanted = expected[n]!;
        if (!Number.isFinite(wanted)) return;
        if (!(Math.abs(value - wanted) <= tolerance * (Math.abs(wanted) + Math.min(scale, 100) * 0.1))) {
          expect.fail(`seed ${seed}, element ${n}: ${value} instead of ${wanted}`);
        }
      });
    }
  }
});
