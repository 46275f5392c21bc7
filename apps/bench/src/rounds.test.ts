import { expect, test } from 'vitest';
import type { Entry, Timed } from './entry.ts';
import { differenceOf } from './measure-case.ts';
import { medianOf, ratioOf, takeTurns } from './rounds.ts';
import { markdown, rowsOf } from './row.ts';

/** Takes its time without spending it. */
function paced(ms: number, log: string[] = [], name = ''): Timed {
  return {
    result: [],
    async time(runs) {
      log.push(name);
      return ms * runs;
    },
    stop() {},
  };
}

const breathe = async () => {};

test('takes turns, beginning with another one each round', async () => {
  const log: string[] = [];
  const timed = [paced(1000, log, 'a'), paced(1000, log, 'b'), paced(1000, log, 'c')];
  const { samples } = await takeTurns(timed, { rounds: 3, seconds: 100 }, breathe);
  expect(log.join('')).toBe('abcabcbcacab');
  expect(samples).toEqual([0, 1, 2].map(() => [1000, 1000, 1000]));
});

test('a slow one sits out once its share is used, and has one sample at least', async () => {
  const { samples } = await takeTurns([paced(5000), paced(1)], { rounds: 4, seconds: 4 }, breathe);
  expect(samples[0]).toEqual([5000, undefined, undefined, undefined]);
  expect(samples[1]).toEqual([1, 1, 1, 1]);
});

test('one that fails does not stop the others', async () => {
  const broken: Timed = { ...paced(1), time: () => Promise.reject(new Error('out of memory')) };
  const { samples, errors } = await takeTurns([broken, paced(1)], { rounds: 2, seconds: 1 }, breathe);
  expect(errors.get(0)?.message).toBe('out of memory');
  expect(samples.map(medianOf)).toEqual([null, 1]);
});

test('ratios are those of the same round', () => {
  // The machine was ten times slower in the second round.
  expect(ratioOf([2, 20, undefined, 4], [1, 10, 1, undefined])).toBe(2);
  expect(ratioOf([1], [undefined])).toBeNull();
  expect(medianOf([3, undefined, 1])).toBe(2);
});

test('rows compare with the fastest floor of the same dtype and with the fastest peer', () => {
  const entry = (implementation: string, role: Entry['role'], dtype: Entry['dtype']): Entry => ({
    ...{ implementation, role, dtype },
    start: { kind: 'javascript', make: () => Promise.reject(new Error('not started')) },
  });
  const outcome = (of: Entry, ms: number | undefined, note: string | null = null) => ({
    ...{ entry: of, samples: ms === undefined ? [] : [ms], difference: 1e-6, note },
  });
  const rows = rowsOf('one', [
    outcome(entry('ours', 'ours', 'float64'), 6),
    outcome(entry('slow', 'floor', 'float64'), 3),
    outcome(entry('fast', 'floor', 'float64'), 2),
    outcome(entry('single', 'floor', 'float32'), 1),
    outcome(entry('peer', 'peer', 'float32'), 12),
    outcome({ ...entry('apart', 'floor', 'float64'), variant: 'shared steps' }, 1),
    outcome(entry('gone', 'peer', 'float32'), undefined, 'not installed'),
  ]);
  expect(rows.map((row) => [row.medianMs, row.ratioToFloor, row.ratioToPeer])).toEqual([
    [6, 3, 0.5],
    [3, 1.5, 0.25],
    [2, 1, 2 / 12],
    [1, 1, 1 / 12],
    [12, 12, 1],
    [1, 1, null],
    [null, null, null],
  ]);
  expect(markdown(rows).split('\n').at(2)).toMatch(
    /^\| one +\| ours +\| float64 \| +1 \| +6\.00 \| +3\.00 \| +0\.500 \| +1\.0e-6 \| +\|$/,
  );
  expect(markdown(rows)).toMatch(/\| gone .*\| not installed \|$/);
});

test('a difference is relative; what is no number or too short is infinitely far', () => {
  expect(differenceOf([3, 4.5], [3, 4])).toBeCloseTo(0.1, 12);
  expect(differenceOf([Number.NaN, 4], [3, 4])).toBe(Number.POSITIVE_INFINITY);
  expect(differenceOf([3], [3, 4])).toBe(Number.POSITIVE_INFINITY);
});
