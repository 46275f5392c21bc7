import { explicitRungeKutta } from '@neural-ode/solvers';
import { dopri5, rk4 } from '@neural-ode/tableaux';
import { stubSolver } from '@neural-ode/testing';
import { describe, expect, test } from 'vitest';
import { type ArrayOptions, FieldError, InvalidInputError, odeint, SolveError, solve } from './index.ts';

const solver = explicitRungeKutta(dopri5);
const decay = { f: (_t: number, [y = 0]: Float64Array) => [-y], y0: [1], t0: 0, t1: 1 };

describe('unusable inputs are refused by name', () => {
  const refused = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidInputError);
      return (error as InvalidInputError).input;
    }
    throw new Error('Nothing was refused.');
  };

  test.each<[string, Partial<ArrayOptions> & { saveAt?: number[] }]>([
    ['rtol', { rtol: 0 }],
    ['rtol', { rtol: -1e-3 }],
    ['rtol', { rtol: Number.NaN }],
    ['rtol', { rtol: [1e-3, 1e-3] }],
    ['rtol', { rtol: [Number.NaN] }],
    ['atol', { atol: -1 }],
    ['atol', { atol: Number.POSITIVE_INFINITY }],
    ['atol', { atol: [] }],
    ['stepSize', { stepSize: 0 }],
    ['stepSize', { stepSize: -0.1 }],
    ['stepSize', { stepSize: 1e-9 }],
    ['firstStep', { firstStep: 0 }],
    ['maxStep', { maxStep: -1 }],
    ['minStep', { minStep: 2, maxStep: 1 }],
    ['maxSteps', { maxSteps: 0 }],
    ['stops', { stops: [0.7, 0.3] }],
    ['stops', { stops: [2] }],
    ['mesh', { mesh: { ts: [0, 2] } }],
    ['mesh.ts', { mesh: { ts: [0, 0.5, 0.5, 1] } }],
    ['saveAt', { saveAt: [] }],
    ['saveAt', { saveAt: [0.5, 0.5] }],
    ['saveAt', { saveAt: [0.5, 2] }],
    ['saveAt', { saveAt: [1, 0.5] }],
    ['saveAt', { saveAt: [0, Number.NaN] }],
  ])('%s: %o', (input, options) => {
    expect(refused(() => solve(decay, { solver, ...options }))).toBe(input);
  });

  test.each([
    ['y0', [Number.NaN], [0, 1]],
    ['y0', [Number.NEGATIVE_INFINITY], [0, 1]],
    ['ts', [1], []],
    ['ts', [1], [0, 1, 1]],
    ['ts', [1], [0, 2, 1]],
    ['ts', [1], [0, Number.POSITIVE_INFINITY]],
  ])('%s of odeint: %j, %j', (input, y0, ts) => {
    expect(refused(() => odeint(decay.f, y0, ts, { solver }))).toBe(input);
  });

  test('a solver without an error estimate needs a step size', () => {
    expect(refused(() => solve(decay, { solver: explicitRungeKutta(rk4) }))).toBe('solver');
  });
});

describe('a field', () => {
  test.each([[[1, 2]], [[]]])('that returns %j for one component is refused', (slope) => {
    expect(() => solve({ ...decay, f: () => slope }, { solver })).toThrow(FieldError);
  });

  test('that is not finite at the start is refused there', () => {
    const f = () => [Number.NaN];
    expect(() => solve({ ...decay, t0: 0.5, f }, { solver })).toThrow(FieldError);
    expect(() => solve({ ...decay, t0: 0.5, f }, { solver })).toThrow('t = 0.5');
  });

  test('that leaves its domain midway fails there, the states before being kept', () => {
    // y = 1 - t, and the root of a negative number beyond t = 0.5.
    const f = (t: number) => [-1 + 0 * Math.sqrt(0.5 - t)];
    const saveAt = [0, 0.25, 0.4, 0.75, 1];
    const { status, failure, ts, ys } = solve({ ...decay, f }, { solver, saveAt, throw: false });
    expect(status).toBe('non-finite');
    expect(failure?.t).toBeGreaterThan(0.49);
    expect(failure?.t).toBeLessThanOrEqual(0.5);
    expect(ts).toEqual([0, 0.25, 0.4]);
    ys.forEach((y, n) => {
      expect(y[0]).toBeCloseTo(1 - ts[n]!, 12);
    });
  });

  test('whose slope is not finite where a step starts fails at once', () => {
    let evaluations = 0;
    const f = (t: number) => {
      evaluations++;
      return [t >= 0.5 ? Number.NaN : 1];
    };
    const options = { solver: explicitRungeKutta(rk4), stepSize: 0.25, throw: false } as const;
    const { failure, status } = solve({ ...decay, f }, options);
    expect(status).toBe('non-finite');
    expect(failure?.message).toMatch(/t = 0.25 .*stage 4/);
    expect(evaluations).toBe(8);
  });
});

describe('a failure', () => {
  const blowUp = { f: (_t: number, [y = 0]: Float64Array) => [y * y], y0: [1], t0: 0, t1: 2 };

  test('is thrown with what it would be as data', () => {
    const data = solve(blowUp, { solver, throw: false });
    expect(data.failure).toBeDefined();
    try {
      solve(blowUp, { solver });
      throw new Error('Nothing was thrown.');
    } catch (error) {
      expect(error).toBeInstanceOf(SolveError);
      const { status, t, h, message, code } = error as SolveError;
      expect({ status, t, h, message }).toEqual(data.failure);
      expect(code).toBe(data.status);
    }
  });

  test('at a singularity is a step too small, found soon and close to it', () => {
    const { failure, stats } = solve(blowUp, { solver, throw: false });
    expect(failure?.status).toBe('step-too-small');
    expect(Math.abs(failure!.t - 1)).toBeLessThan(1e-4);
    expect(stats.accepted + stats.rejected).toBeLessThan(1000);
  });

  test('is a step under minStep', () => {
    const rejecting = stubSolver(() => 1e9);
    const { failure } = solve(decay, { solver: rejecting, firstStep: 0.5, minStep: 0.01, throw: false });
    expect(failure).toMatchObject({ status: 'step-too-small', t: 0 });
    expect(failure?.h).toBeCloseTo(0.5 * 0.2 ** 3, 12);
    expect(rejecting.trials).toHaveLength(3);
  });

  test('is a step too small to change t but by round-off', () => {
    const rejecting = stubSolver((t0) => (t0 >= 1e6 + 0.1 ? 1e9 : 0.5));
    const { failure } = solve({ ...decay, t0: 1e6, t1: 1e6 + 1 }, { solver: rejecting, firstStep: 0.1, throw: false });
    expect(failure).toMatchObject({ status: 'step-too-small', t: 1e6 + 0.1 });
    expect(failure?.h).toBeGreaterThan(0);
    expect(failure?.h).toBeLessThan(1e6 * 1e-14);
  });

  test('does not come from small steps near t = 0', () => {
    const { status } = solve({ ...decay, t1: 1e-30 }, { solver, firstStep: 1e-33, throw: false });
    expect(status).toBe('success');
  });

  test('is a step that rounding keeps from shrinking', () => {
    // Each rejected trial asks for 0.79 of its size, but no number lies between t and t + one ulp.
    const rejecting = stubSolver(() => 1.5);
    const { failure } = solve({ ...decay, t0: 1, t1: 2 }, { solver: rejecting, firstStep: 1e-12, throw: false });
    expect(failure?.status).toBe('step-too-small');
    expect(rejecting.trials.length).toBeLessThan(100);
  });

  test('is too many trials, rejected ones counted', () => {
    const half = stubSolver((t0, t1) => (t1 - t0 > 0.01 ? 2 : 0.729));
    const { failure, stats } = solve(decay, { solver: half, firstStep: 0.02, maxSteps: 5, throw: false });
    expect(failure).toMatchObject({ status: 'max-steps' });
    expect(failure?.message).toMatch('5 steps did not reach the end 1');
    expect(stats.accepted + stats.rejected).toBe(5);
    expect(half.trials).toHaveLength(5);
    expect(stats.rejected).toBeGreaterThan(0);
  });

  test('does not come with exactly as many trials as needed', () => {
    for (const count of [5, 49, 1000]) {
      const { status } = solve(decay, { solver: stubSolver(), stepSize: 1 / count, maxSteps: count, throw: false });
      expect(status).toBe('success');
    }
  });

  test('backwards names a negative step', () => {
    const { failure } = solve(
      { ...decay, t1: -1 },
      { solver: stubSolver(() => 9), minStep: 0.1, firstStep: 0.2, throw: false },
    );
    expect(failure?.h).toBeLessThan(0);
  });
});
