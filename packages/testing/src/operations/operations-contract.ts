import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { gradient, secondDerivative, value } from './derivatives.ts';
import { inDoubles } from './doubles.ts';
import {
  type Components,
  dot,
  expectedGradient,
  expectedSecondDerivative,
  expectedValue,
  slopeAlong,
} from './expected.ts';
import { type Aspect, between, type Operation, sample, sizeOf } from './operation.ts';
import { operations } from './operations.ts';

/** An operation that a backend gets wrong. */
export interface Skip {
  /** Its name in the table. */
  readonly operation: string;
  /** Default: all of them. */
  readonly aspects?: readonly Aspect[];
  /** Why, in words. */
  readonly reason: string;
}

/** How a backend is tested. */
export interface OperationsAccess {
  /** Makes the backend the current one, its gradients complete. */
  start(): Promise<unknown>;
  /** Each must fail: one whose operation works fails the suite. */
  readonly skip?: readonly Skip[];
  /** Largest error, relative to the largest component expected (to 0.1, where all are smaller). Default 1e-4. */
  readonly tolerance?: number;
}

const aspects: readonly Aspect[] = ['value', 'gradient', 'second derivative'];

/**
 * The tests that the operations of every backend pass: values, gradients and derivatives of gradients, against what the
 * cpu backend computes in double precision, and its differences.
 */
export function describeOperations(name: string, { start, skip = [], tolerance = 1e-4 }: OperationsAccess): void {
  for (const { operation } of skip) {
    if (!operations.some(({ name }) => name === operation)) throw new Error(`There is no operation '${operation}'.`);
  }

  describe(`${name}: operations`, () => {
    beforeAll(async () => void (await start()));

    describe.each(operations)('$name', (operation) => {
      for (const aspect of aspects) {
        if (operation.without?.[aspect] !== undefined) continue;
        const skipped = skip.find(
          (skip) => skip.operation === operation.name && (skip.aspects ?? aspects).includes(aspect),
        );
        const check = () => checks[aspect](operation, tolerance);
        if (!skipped) test(aspect, check);
        else {
          test(`${aspect} (skipped: ${skipped.reason})`, async () => {
            await expect(check(), 'it works: delete the skip').rejects.toThrow();
          });
        }
      }
    });
  });
}

const checks: Record<Aspect, (operation: Operation, tolerance: number) => Promise<void>> = {
  async value(operation, tolerance) {
    const { xs } = pointOf(operation);
    const expected = await inDoubles(() => expectedValue(operation, xs));
    // The cpu backend's own approximations, of erf for one, are good to a few 1e-7.
    if (operation.exact) near(expected.values, Array.from(operation.exact(...xs)), 1e-6);
    await compare(operation, () => [value(operation, xs)], [expected], tolerance);
  },

  async gradient(operation, tolerance) {
    const { point, expected } = await inDoubles(() => {
      const point = pointOf(operation, expectedValue(operation, pointOf(operation).xs).values.length);
      const expected = expectedGradient(operation, point);
      for (const seed of [31, 47]) {
        const directions = directionsOf(operation, seed);
        const slope = expected.reduce((sum, { values }, n) => sum + dot(values, directions[n]!), 0);
        near([slope], [slopeAlong(operation, point, directions)], 1e-6);
      }
      return { point, expected };
    });
    await compare(operation, () => gradient(operation, point), expected, tolerance);
  },

  async 'second derivative'(operation, tolerance) {
    const directions = directionsOf(operation, 31);
    const { point, expected } = await inDoubles(() => {
      const point = pointOf(operation, expectedValue(operation, pointOf(operation).xs).values.length);
      return { point, expected: expectedSecondDerivative(operation, point, directions) };
    });
    await compare(operation, () => secondDerivative(operation, point, directions), expected, tolerance);
  },
};

/** Where an operation is evaluated, with a cotangent of `size` components. */
function pointOf({ inputs }: Operation, size = 0): { xs: number[][]; cotangent: number[] } {
  return { xs: inputs.map((input, n) => sample(input, n + 1)), cotangent: sample(between(-1, 1, size), 17) };
}

function directionsOf({ inputs }: Operation, seed: number): number[][] {
  return inputs.map(({ shape }, n) => sample(between(-1, 1, ...shape), seed + n));
}

/** Runs `f` on memory full of NaN, and compares what it returns; nothing else may be left. */
async function compare(
  { inputs }: Operation,
  f: () => tf.Tensor[],
  expected: readonly Components[],
  tolerance: number,
): Promise<void> {
  poison([...inputs, ...expected].map(({ shape }) => sizeOf(shape)));
  const before = tf.memory();
  const results = tf.tidy(f);
  const values = await Promise.all(results.map((result) => result.data()));
  tf.dispose(results);
  const after = tf.memory();
  expect(after.numTensors, 'tensors left').toBe(before.numTensors);
  expect(after.numDataBuffers, 'buffers left').toBe(before.numDataBuffers);
  expect(results.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  for (const [n, actual] of values.entries()) near(Array.from(actual), expected[n]!.values, tolerance);
}

/** Leaves NaN where a backend is going to allocate: in freed blocks of these sizes, and in a large one. */
function poison(sizes: readonly number[]): void {
  tf.dispose([...sizes, ...sizes, 1 << 16].map((size) => tf.fill([size], Number.NaN)));
}

function near(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  const scale = Math.max(0.1, ...expected.map(Math.abs));
  const wrong = expected.findIndex((component, i) => !(Math.abs(actual[i]! - component) <= tolerance * scale));
  if (wrong >= 0) expect.fail(`component ${wrong} is ${actual[wrong]} instead of ${expected[wrong]}`);
}
