import '@tensorflow/tfjs-backend-cpu';
import { completeGradients } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Node, sizeOf } from '../graph/graph.ts';
import { interpret, type ProgramInputs } from '../graph/interpret.ts';
import { simplify } from '../graph/simplify.ts';
import { examples, numbers } from '../trace/fixtures.ts';
import { trace } from '../trace/trace.ts';
import { start } from './fixtures.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
  completeGradients();
});

const fill = (nodes: readonly Node[], seed: number) =>
  nodes.map(({ shape }, n) => Float64Array.from(numbers(sizeOf(shape), seed + n)));

function expectNear(actual: readonly number[], expected: readonly Float64Array[], tolerance: number): void {
  const wanted = expected.flatMap((leaf) => Array.from(leaf));
  const scale = Math.max(0, ...wanted.map(Math.abs));
  expect(actual.length).toBe(wanted.length);
  actual.forEach((value, n) => {
    expect(Math.abs(value - wanted[n]!)).toBeLessThanOrEqual(tolerance * scale);
  });
}

describe.each(Object.keys(examples))('the example %s', (name) => {
  it.each([
    ['float64', 'unrolled', 1e-12],
    ['float64', 'loops', 1e-12],
    ['float64', 'auto', 1e-12],
    ['float32', 'unrolled', 1e-5],
    ['float32', 'loops', 1e-5],
  ] as const)('gives its slope and vector-Jacobian product in %s, %s', (precision, mode, tolerance) => {
    const { f, y, args } = examples[name]!();
    const traced = trace(f, { y, args });
    const slope = simplify(traced.slope);
    const vjp = simplify(traced.vjp());
    const given: ProgramInputs = {
      t: 0.75,
      y: fill(slope.inputs.y, 1),
      parameters: fill(slope.inputs.parameters, 20),
      cotangent: fill(vjp.inputs.cotangent, 40),
    };
    const running = start(slope, vjp, { precision, mode });
    expectNear(running.slope(given), interpret(slope, given).slope, tolerance);
    const expected = interpret(vjp, given);
    const first = running.vjp(given);
    expectNear(first.y, expected.y, tolerance);
    expectNear(first.parameters, expected.parameters, tolerance);
    const t = expected.t[0]![0]!;
    expect(Math.abs(first.t - t)).toBeLessThanOrEqual(10 * tolerance * Math.max(1, Math.abs(t)));
    // What was there stays: the sums double.
    const twice = running.vjp(given, first.parameters).parameters;
    expectNear(
      twice.map((value) => value / 2),
      expected.parameters,
      tolerance,
    );
  });
});
