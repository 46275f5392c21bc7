import { wasmBackend } from '@neural-ode/backend-wasm';
import { float64Space, type Reading, type Space } from '@neural-ode/core';
import { describeSpace } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { useBackend } from './backend.ts';
import { start } from './fixtures/backends.ts';
import { TensorSpace, type TensorState } from './tensor-space.ts';

const read = (reading: Reading) => (typeof reading === 'number' ? reading : reading.sync());

/** Numbers that float32 holds exactly, zeros among them. */
const component = fc.integer({ min: -8, max: 8 }).map((n) => n / 8);
const three = fc.integer({ min: 2, max: 6 }).chain((n) => {
  const state = fc.array(component, { minLength: n, maxLength: n });
  return fc.tuple(state, state, state, fc.integer({ min: 1, max: n - 1 }));
});

/** Computes in double precision, and with tensors of two leaves. */
function both<T>(
  states: number[][],
  split: number,
  f: <Y>(space: Space<Y>, states: Y[], plain: (y: Y) => number[]) => T,
): [T, T] {
  const space = new TensorSpace();
  const before = tf.memory().numTensors;
  const boxes = states.map((values) =>
    space.make(() => [tf.tensor1d(values.slice(0, split)), tf.tensor1d(values.slice(split))]),
  );
  const arrays = states.map((values) => Float64Array.from(values));
  const results: [T, T] = [
    f(float64Space, arrays, (y) => [...y]),
    f<TensorState>(space, boxes, (y) => y.leaves.flatMap((leaf) => [...leaf.dataSync()])),
  ];
  space.close();
  expect(tf.memory().numTensors).toBe(before);
  return results;
}

function close(a: readonly number[], b: readonly number[]): void {
  expect(b.length).toBe(a.length);
  a.forEach((value, n) => {
    expect(Math.abs(value - (b[n] as number))).toBeLessThanOrEqual(2e-5 * Math.max(1, Math.abs(value)));
  });
}

const ways = {
  'tfjs on cpu': () => start('cpu'),
  'the kernels of wasm': () => useBackend(wasmBackend),
};

describe.each(Object.entries(ways))('by %s', async (name, begin) => {
  await begin();
  beforeAll(begin as () => Promise<void>);

  const contractSpace = new TensorSpace();
  describeSpace('tensors', contractSpace, {
    make: (values) => contractSpace.make(() => [tf.tensor1d(values.slice(0, 2)), tf.tensor2d([values.slice(2)])]),
    values: (y) => y.leaves.flatMap((leaf) => [...leaf.dataSync()]),
    epsilon: 2 ** -23,
  });

  test('agrees with arrays', () => {
    fc.assert(
      fc.property(three, ([a, b, c, split]) => {
        for (const tolerance of [{ rtol: 0.1, atol: 0.01 }, 'states'] as const) {
          const [arrays, tensors] = both([a, b, c, a.map(() => 0.25)], split, (space, states, plain) => {
            const [x, y, z, each] = states as [never, never, never, never];
            const t = tolerance === 'states' ? { rtol: each, atol: each } : tolerance;
            const back = space.errorNormVjp(x, y, z, t, 0.5);
            return [
              ...plain(space.combine(x, [0.5, -3], [y, z])),
              ...plain(space.combine(null, [2], [y])),
              ...plain(space.combine(x, [], [])),
              ...plain(space.zeros(x)),
              space.dot(x, y),
              space.size(x),
              read(space.norm(x)),
              read(space.errorNorm(x, y, z, t)),
              ...[back.error, back.y0, back.y1].flatMap(plain),
            ];
          });
          close(arrays, tensors);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('a zero error counts as zero whatever the scale, a bad one is not finite', () => {
    const at = (error: number[], atol: number) =>
      both([error, [0, 1]], 1, (space, [e, y]) =>
        read(space.errorNorm(e as never, y as never, y as never, { rtol: 0.5, atol })),
      );
    expect(at([0, 0], 0)).toEqual([0, 0]);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const norm of at([1, bad], 1)) expect(Number.isFinite(norm)).toBe(false);
    }
  });

  test('measures large and tiny states, and takes no infinite scale', () => {
    const norms = (values: number[]) => both([values], 1, (space, [y]) => read(space.norm(y as never)));
    for (const size of [1e20, 3e38, 1e-30]) {
      for (const norm of norms([size, -size, 0, 0])) expect(norm / size).toBeCloseTo(Math.SQRT1_2, 6);
    }
    const [plain, tensors] = both(
      [
        [0, 0.1],
        [1, 1],
        [1, Number.POSITIVE_INFINITY],
      ],
      1,
      (space, [e, y0, y1]) => read(space.errorNorm(e as never, y0 as never, y1 as never, { rtol: 0.1, atol: 0 })),
    );
    for (const norm of [plain, tensors]) expect(Number.isFinite(norm)).toBe(false);
  });

  test('empty leaves count for nothing', () => {
    const space = new TensorSpace();
    const y = space.make(() => [tf.zeros([0]), tf.tensor1d([3, 4]), tf.zeros([2, 0])]);
    expect(read(space.norm(y))).toBeCloseTo(Math.sqrt(12.5), 5);
    expect(read(space.errorNorm(y, y, y, { rtol: 1, atol: 0 }))).toBeCloseTo(1, 5);
    expect(space.dot(y, y)).toBe(25);
    expect(read(space.least(y))).toBe(3);
    const empty = space.make(() => [tf.zeros([0])]);
    expect([space.dot(empty, empty), read(space.norm(empty)), read(space.least(empty))]).toEqual([0, 0, 0]);
    space.close();
  });

  test('releases once, and only what it made', () => {
    const space = new TensorSpace();
    const foreign = { leaves: [tf.scalar(1)] };
    tf.engine().startScope();
    const own = space.zeros(foreign);
    tf.engine().endScope();
    const before = tf.memory().numTensors;
    space.release(own);
    space.release(own);
    space.release(foreign);
    expect(tf.memory().numTensors).toBe(before - 1);
    expect(foreign.leaves[0]?.isDisposed).toBe(false);
    tf.dispose(foreign.leaves);
  });

  test('keeps no reference to a state in the enclosing tidy', () => {
    const space = new TensorSpace();
    tf.tidy(() => {
      const { track } = (tf.engine() as unknown as { state: { activeScope: { track: tf.Tensor[] } } }).state
        .activeScope;
      const y = space.make(() => [tf.zeros([3])]);
      for (let i = 0; i < 10; i++) space.release(space.combine(y, [2], [y]));
      expect(track.length).toBe(0);
    });
    space.close();
  });

  test('computes on states that no kernel takes', () => {
    const space = new TensorSpace();
    const integers = space.make(() => [tf.tensor1d([1, 2], 'int32')]);
    const sum = space.combine(integers, [2], [integers]);
    expect([...(sum.leaves[0] as tf.Tensor).dataSync()]).toEqual([3, 6]);
    const [row, column] = [space.make(() => [tf.tensor2d([[1, 2]])]), space.make(() => [tf.tensor2d([[1], [2]])])];
    const square = space.combine(row, [2], [column]);
    expect([...(square.leaves[0] as tf.Tensor).dataSync()]).toEqual([3, 4, 5, 6]);
    space.close();
  });

  test('says that a tensor was disposed', () => {
    const space = new TensorSpace();
    const [y, z] = [space.make(() => [tf.zeros([2])]), space.make(() => [tf.zeros([2])])];
    tf.dispose(z.leaves as tf.Tensor[]);
    const t = { rtol: 1, atol: 1 };
    for (const f of [
      () => space.combine(y, [1], [z]),
      () => space.combine(z, [], []),
      () => space.dot(y, z),
      () => space.norm(z),
      () => space.errorNorm(y, y, z, t),
    ]) {
      expect(f).toThrow(/A tensor of a state was disposed while the solver still needed it/);
    }
    space.close();
  });

  test('reads norms at once where there are kernels', () => {
    const space = new TensorSpace();
    const y = space.zeros({ leaves: [tf.zeros([3])] });
    expect(typeof space.norm(y)).toBe(name === 'tfjs on cpu' ? 'object' : 'number');
    space.close();
  });
});

test('a state made on another backend is moved to the one that computes', async () => {
  await start('cpu');
  const x = tf.tensor1d([1, 2]);
  await useBackend(wasmBackend);
  const space = new TensorSpace();
  const y = { leaves: [x] };
  expect([...(space.combine(y, [3], [y]).leaves[0] as tf.Tensor).dataSync()]).toEqual([4, 8]);
  expect(read(space.errorNorm(y, y, y, { rtol: 1, atol: 0 }))).toBe(1);
  space.close();
  x.dispose();
});

test('takes states to be finite, where reading them is dear', async () => {
  await start('cpu');
  const y = { leaves: [tf.tensor1d([Number.NaN, -1])] };
  const [reading, trusting] = [new TensorSpace(), new TensorSpace(true)];
  expect(read(reading.finite(y))).toBeNaN();
  expect(read(reading.least(y))).toBe(-1);
  expect([trusting.finite(y), trusting.least(y)]).toEqual([0, 0]);
  // What is asked for as a norm is one.
  expect(read(trusting.norm(y))).toBeNaN();
  for (const space of [reading, trusting]) space.close();
  tf.dispose(y.leaves);
});
