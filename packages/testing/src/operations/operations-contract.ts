import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { gradient, secondDerivative, value } from './derivatives.ts';
import { inDoubles } from './doubles.ts';
import { type Components, type Expected, expectedOf } from './expected.ts';
import { type Operation, sizeOf } from './operation.ts';
import { operations } from './operations.ts';

const aspects = ['value', 'gradient', 'second derivative'] as const;

/** What is checked of an operation. */
export type Aspect = (typeof aspects)[number];

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
  /** Default: the whole table. */
  readonly only?: (operation: Operation) => boolean;
  /** Largest error, relative to the largest component expected (to 0.1, where all are smaller). Default 1e-4. */
  readonly tolerance?: number;
}

/**
 * The tests that the operations of every backend pass: values, gradients and derivatives of gradients, against what the
 * cpu backend computes in double precision, which is itself checked by closed forms and differences.
 */
export function describeOperations(name: string, { start, skip = [], only, tolerance = 1e-4 }: OperationsAccess): void {
  const chosen = only ? operations.filter(only) : operations;
  for (const { operation } of skip) {
    if (!chosen.some(({ name }) => name === operation)) throw new Error(`There is no operation '${operation}'.`);
  }

  describe(`${name}: operations`, () => {
    beforeAll(async () => void (await start()));

    for (const operation of chosen) {
      const skips = skip.filter((skip) => skip.operation === operation.name);
      describe(operation.name, () => describeOperation(operation, skips, tolerance));
    }
  });
}

function describeOperation(operation: Operation, skips: readonly Skip[], tolerance: number): void {
  let evaluated: Promise<Expected> | undefined;
  const expected = () => {
    evaluated ??= inDoubles(() => expectedOf(operation));
    return evaluated;
  };
  for (const aspect of aspects) {
    const skipped = skips.find((skip) => (skip.aspects ?? aspects).includes(aspect));
    if (!skipped) {
      test(aspect, async () => {
        await checks[aspect](operation, await expected(), tolerance);
      });
    } else {
      test(`${aspect} (skipped: ${skipped.reason})`, async () => {
        const check = checks[aspect](operation, await expected(), tolerance);
        await expect(check, 'it works: delete the skip').rejects.toThrow();
      });
    }
  }
}

const checks: Record<Aspect, (operation: Operation, expected: Expected, tolerance: number) => Promise<void>> = {
  async value(operation, { point, value: y }, tolerance) {
    // The cpu backend's own approximations, of erf for one, are good to a few 1e-7.
    if (operation.exact) near(y.values, Array.from(operation.exact(...point.xs)), 1e-6);
    await compare(operation, () => [value(operation, point.xs)], [y], tolerance);
  },

  async gradient(operation, { point, gradient: slopes, slopes: along }, tolerance) {
    for (const { byGradient, byDifferences } of along) near([byGradient], [byDifferences], 1e-6);
    await compare(operation, () => gradient(operation, point), slopes, tolerance);
  },

  async 'second derivative'(operation, { point, directions, secondDerivative: curvature }, tolerance) {
    await compare(operation, () => secondDerivative(operation, point, directions), curvature, tolerance);
  },
};

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
  for (const [n, actual] of values.entries()) near(actual, expected[n]!.values, tolerance);
}

/** Leaves NaN where a backend is going to allocate: in freed blocks of these sizes, several of each, and in a large one. */
function poison(sizes: readonly number[]): void {
  const blocks = sizes.flatMap((size) => Array.from({ length: 8 }, () => tf.fill([size], Number.NaN)));
  tf.dispose([...blocks, tf.fill([1 << 16], Number.NaN)]);
}

function near(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(0.1, ...expected.map(Math.abs));
  const wrong = expected.findIndex((component, i) => !(Math.abs(actual[i]! - component) <= tolerance * scale));
  if (wrong >= 0) expect.fail(`component ${wrong} is ${actual[wrong]} instead of ${expected[wrong]}`);
}
