import { describe, expect, test } from 'vitest';
import { type Deferred, mapReadings, type Reading, type Routine, read, runAsync, runSync } from './index.ts';

const deferred = (value: number): Deferred => ({ sync: () => value, async: () => Promise.resolve(value) });
const broken: Deferred = {
  sync() {
    throw new Error('lost');
  },
  async: () => Promise.reject(new Error('lost')),
};

function* sum(readings: readonly Reading[], closed: string[] = []): Routine<number> {
  try {
    let total = 0;
    for (const reading of readings) total += yield* read(reading);
    return total;
  } finally {
    closed.push('closed');
  }
}

describe.each([
  ['runSync', async <T>(routine: Routine<T>) => runSync(routine)],
  ['runAsync', runAsync],
] as const)('%s', (_, run) => {
  test('adds numbers that are there and numbers that are on their way', async () => {
    expect(await run(sum([1, deferred(2), 3, deferred(4)]))).toBe(10);
    expect(await run(sum([]))).toBe(0);
  });

  test('throws into the routine what a reading throws, so that it can clean up', async () => {
    const closed: string[] = [];
    await expect(run(sum([1, broken, 3], closed))).rejects.toThrow('lost');
    expect(closed).toEqual(['closed']);
  });

  test('goes on where a routine catches', async () => {
    function* careful(): Routine<string> {
      try {
        yield* read(broken);
      } catch {
        return `caught, then ${yield* read(deferred(5))}`;
      }
      return 'not reached';
    }
    expect(await run(careful())).toBe('caught, then 5');
  });

  test('waits for readings computed from readings', async () => {
    const product = (values: number[]) => values.reduce((a, b) => a * b, 1);
    expect(await run(sum([mapReadings([2, deferred(3), 4], product)]))).toBe(24);
  });
});

test('a plain number is not waited for', () => {
  expect(sum([1, 2]).next()).toEqual({ done: true, value: 3 });
  expect(mapReadings([1, 2], ([a = 0, b = 0]) => a - b)).toBe(-1);
});
