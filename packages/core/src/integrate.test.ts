import { limitedTo, stubSolver } from '@neural-ode/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ArrayOptions, iController, type SaveAt, solve } from './index.ts';

/** Its stub's states tell their times. */
const clock = { f: (t: number) => [t], y0: [0], t0: 0, t1: 1 };
const times = (solution: { ys: readonly Float64Array[] }) => solution.ys.map(([t]) => t);

describe('a search for steps', () => {
  test('shrinks until a trial is accepted, then keeps to the size that fits', () => {
    const solver = stubSolver(limitedTo(0.1));
    const { stats, mesh } = solve(clock, { solver, firstStep: 1, saveAt: 'steps' });
    // 1 is cut to 0.2, the least factor, and that to 0.9 of 0.1; after twelve steps a last one of 0.01.
    expect(stats).toMatchObject({ accepted: 12, rejected: 2 });
    expect(solver.trials.slice(0, 2)).toEqual([
      [0, 1],
      [0, 0.2],
    ]);
    expect(solver.trials[2]![1]).toBeCloseTo(0.09, 12);
    expect(mesh.ts).toHaveLength(13);
    expect(mesh.ts.at(-2)).toBeCloseTo(0.99, 12);
    expect(mesh.ts.at(-1)).toBe(1);
  });

  test('grows by ten at most, and not right after a rejection', () => {
    const solver = stubSolver((t0) => (t0 === 0 ? 0 : 1e9));
    solve({ ...clock, t1: 1000 }, { solver, firstStep: 1e-3, maxSteps: 3, throw: false });
    const sizes = solver.trials.map(([t0, t1]) => t1 - t0);
    expect(sizes[1]).toBeCloseTo(1e-2, 12);
    expect(sizes[2]).toBeCloseTo(2e-3, 12);

    const rejecting = stubSolver((t0, t1) => (t0 === 0 && t1 > 0.5 ? 2 : 0));
    solve({ ...clock, t1: 1000 }, { solver: rejecting, firstStep: 0.6, maxSteps: 4, throw: false });
    const [first, second, third, fourth] = rejecting.trials.map(([t0, t1]) => t1 - t0);
    expect(second).toBeLessThan(first!);
    expect(third).toBeCloseTo(second!, 12);
    expect(fourth).toBeCloseTo(10 * third!, 9);
  });

  test('controls the error of the last step, which the end cuts short, too', () => {
    const solver = stubSolver((_, t1) => (t1 === 1 ? limitedTo(0.01)(_, t1) : 0.5));
    const { mesh } = solve(clock, { solver, firstStep: 0.6, saveAt: 'steps' });
    expect(solver.trials.some(([t0, t1]) => t1 === 1 && t1 - t0 > 0.1)).toBe(true);
    expect(1 - mesh.ts.at(-2)!).toBeLessThan(0.01);
  });

  test('takes no sliver of a step at the end', () => {
    const solver = stubSolver(() => 1);
    const controller = { ...iController(), decide: () => ({ accepted: true, factor: 1, memory: [] }) };
    const { mesh } = solve({ ...clock, t1: 0.3 + 1e-12 }, { solver, controller, firstStep: 0.1, saveAt: 'steps' });
    expect(mesh.ts).toHaveLength(4);
    expect(mesh.ts.at(-1)).toBe(0.3 + 1e-12);
  });

  test.each([1, -1])('ends steps at the stops, in direction %d of time', (sign) => {
    const solver = stubSolver(() => 0.1);
    const stops = [0, 0.25, 0.5, 1].map((t) => sign * t);
    const { mesh } = solve({ ...clock, t1: sign }, { solver, firstStep: 0.1, stops, saveAt: 'steps' });
    expect(mesh.ts).toEqual(expect.arrayContaining([0.25, 0.5, 1].map((t) => sign * t)));
  });

  test('goes on after a stop with the size from before the cut', () => {
    const solver = stubSolver(() => 0.729);
    const { mesh } = solve(clock, { solver, firstStep: 0.3, stops: [0.31], saveAt: 'steps' });
    expect(mesh.ts[1]).toBe(0.3);
    expect(mesh.ts[2]).toBe(0.31);
    // The error norm 0.9^3 asks for the size of the cut step again.
    expect(mesh.ts[3]! - 0.31).toBeCloseTo(0.3, 9);
  });

  test('respects maxStep', () => {
    const { mesh } = solve(clock, { solver: stubSolver(() => 0), firstStep: 0.5, maxStep: 0.25, saveAt: 'steps' });
    expect(mesh.ts).toEqual([0, 0.25, 0.5, 0.75, 1]);
  });

  test('counts an error norm that is not finite as infinitely large', () => {
    const solver = stubSolver((t0, t1) => (t1 - t0 > 0.5 ? Number.NaN : 0.5));
    const { stats } = solve(clock, { solver, firstStep: 1 });
    expect(solver.trials[1]).toEqual([0, 0.2]);
    expect(stats.rejected).toBe(1);
  });

  test('after an error of zero goes on with a finite step', () => {
    const { mesh } = solve({ ...clock, t1: 1e3 }, { solver: stubSolver(() => 0), firstStep: 1, saveAt: 'steps' });
    expect(mesh.ts).toEqual([0, 1, 11, 111, 1e3]);
  });
});

describe('fixed steps', () => {
  test('are taken whatever the error', () => {
    const solver = stubSolver(() => 100);
    const { stats } = solve(clock, { solver, stepSize: 0.25 });
    expect(stats).toEqual({ accepted: 4, rejected: 0, evaluations: 4 });
    expect(solver.trials).toEqual([
      [0, 0.25],
      [0.25, 0.5],
      [0.5, 0.75],
      [0.75, 1],
    ]);
  });

  test('end at the stops too, from which the next ones count', () => {
    const solver = stubSolver();
    solve(clock, { solver, stepSize: 0.4, stops: [0.5] });
    expect(solver.trials.map(([, t1]) => t1)).toEqual([0.4, 0.5, 0.9, 1]);
  });

  test('follow a mesh', () => {
    const solver = stubSolver();
    solve(clock, { solver, mesh: { ts: [0, 0.7, 0.71, 1] } });
    expect(solver.trials.map(([, t1]) => t1)).toEqual([0.7, 0.71, 1]);
  });

  test('of a mesh found by a search repeat it exactly', () => {
    const solver = stubSolver(limitedTo(0.17));
    const planned = solve(clock, { solver, firstStep: 1, saveAt: 'steps' });
    const replayed = solve(clock, { solver, mesh: planned.mesh, saveAt: 'steps' });
    expect(replayed.ys).toEqual(planned.ys);
    expect(replayed.stats.rejected).toBe(0);
  });
});

describe('saveAt', () => {
  const options: ArrayOptions = { solver: stubSolver(() => 0.5), stepSize: 0.25 };

  test.each<[SaveAt, number[]]>([
    ['end', [1]],
    ['steps', [0, 0.25, 0.5, 0.75, 1]],
    [
      [0, 0.1, 0.2, 0.5, 0.99, 1],
      [0, 0.1, 0.2, 0.5, 0.99, 1],
    ],
    [
      [0.3, 0.4],
      [0.3, 0.4],
    ],
    [[0.3], [0.3]],
    [[0], [0]],
    [[1], [1]],
  ])('%j gives these times', (saveAt, expected) => {
    const solution = solve(clock, { ...options, saveAt });
    expect(solution.ts).toEqual(expected);
    expect(times(solution)).toEqual(expected);
    expect(solution.mesh.ts).toEqual([0, 0.25, 0.5, 0.75, 1]);
  });

  test('any times in order are hit exactly, in either direction', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 9 }),
        fc.constantFrom(1, -1),
        (ts, sign) => {
          const saveAt = ts
            .map(Math.abs)
            .sort((a, b) => a - b)
            .map((t) => sign * t + 0);
          const solution = solve({ ...clock, t1: sign }, { ...options, saveAt });
          expect(times(solution)).toEqual(saveAt);
        },
      ),
    );
  });

  test("'dense' gives the state at any time of the span, and at no other", () => {
    for (const sign of [1, -1]) {
      const { dense, ts } = solve({ ...clock, t1: sign }, { ...options, saveAt: 'dense' });
      expect(ts).toEqual([0, 0.25, 0.5, 0.75, 1].map((t) => sign * t + 0));
      for (const t of [0, 0.1, 0.25, 0.6, 0.75, 1]) expect(dense?.(sign * t)[0]).toBeCloseTo(sign * t, 15);
      for (const t of [-0.1, 1.1, Number.NaN]) expect(() => dense?.(sign * t)).toThrow('outside the solution');
    }
  });
});
