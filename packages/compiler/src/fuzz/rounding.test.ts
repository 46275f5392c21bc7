import { expect, test } from 'vitest';
import { inputsOf } from '../emit/fixtures.ts';
import { binary, reduce, scalar, unary } from '../graph/build.ts';
import type { Node } from '../graph/graph.ts';
import { randomNumbers } from '../graph/random-program.ts';
import { expectedOf, unitOf } from './rounding.ts';

const inputs = inputsOf([[2]]);
const [y] = inputs.y as [Node];
const values = { t: 0, y: [[0.7, 0.3]], parameters: [], cotangent: [] };

/** How many roundings the tolerance of a node's elements is, relative to 1. */
function units(node: Node, precision: 'float32' | 'float64' = 'float64'): number[] {
  const program = { inputs, outputs: { slope: [node] } };
  const { slope } = expectedOf(program, values, { precision, random: randomNumbers(1), samples: 20 });
  return slope.map(({ tolerance }) => tolerance / unitOf[precision]);
}

test('a well-conditioned result has a few roundings of room, in either precision', () => {
  for (const precision of ['float32', 'float64'] as const) {
    for (const few of units(binary('add', y, unary('sin', y)), precision)) {
      expect(few).toBeGreaterThan(4);
      expect(few).toBeLessThan(200);
    }
  }
});

test('cancellation has the room that its operands need', () => {
  const lost = binary('sub', binary('add', binary('mul', y, scalar(1e-6)), scalar(1000)), scalar(1000));
  for (const many of units(lost)) {
    expect(many).toBeGreaterThan(1000);
    expect(many).toBeLessThan(100_000);
  }
  const [sum] = units(reduce('sum', binary('mul', y, scalar(1e4)), [0]));
  expect(sum).toBeGreaterThan(4e4);
});

test('what jumps at the very value has all the room, what jumps elsewhere none', () => {
  const tie = binary('less', binary('mul', unary('sin', y), scalar(3)), binary('mul', scalar(3), unary('sin', y)));
  for (const jump of units(tie)) expect(jump).toBeGreaterThan(1 / unitOf.float64);
  for (const jump of units(binary('less', y, scalar(0.5)))) expect(jump).toBeLessThan(5);
});
