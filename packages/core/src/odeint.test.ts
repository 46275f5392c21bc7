import { dopri5 } from '@neural-ode/solvers';
import { describe, expect, test } from 'vitest';
import { odeint, solve } from './index.ts';

const decay = (_t: number, [y]: Float64Array) => [-y!];
const loosely = odeint as (...args: unknown[]) => unknown;

describe('what is no option, argument or choice is refused by name', () => {
  test.each([
    [
      'an option of another library',
      { solver: dopri5, method: 'rk4' },
      "There is no option 'method': did you mean 'solver'?",
    ],
    ['a misspelt option', { solver: dopri5, rtoll: 1e-3 }, "did you mean 'rtol'"],
    ['no solver', {}, 'solver is no solver'],
    ['a specification in place of a solver', { solver: { order: 1 } }, 'solver is no solver'],
    ['parameters by name', { solver: dopri5, parameters: { k: 1 } }, 'parameters is an object'],
    ['an infinite tolerance', { solver: dopri5, rtol: Number.POSITIVE_INFINITY }, 'rtol is Infinity'],
    ['too few tolerances', { solver: dopri5, atol: [] }, 'atol holds 0 values for 1 components'],
    ['a negative tolerance', { solver: dopri5, atol: [-1] }, 'atol holds -1'],
  ])('%s', (_, options, message) => {
    expect(() => loosely(decay, [1], [0, 1], options)).toThrow(message);
  });

  test.each([
    ['a time alone', [1], 3, 'ts is 3'],
    ['times as text', [1], ['0', '1'], "ts[0] is the string '0'"],
    ['a number as state', 1, [0, 1], 'y0 is 1'],
    ['text in the state', ['1'], [0, 1], "y0[0] is the string '1'"],
  ])('%s', (_, y0, ts, message) => {
    expect(() => loosely(decay, y0, ts, { solver: dopri5 })).toThrow(message);
  });

  test('steps that are lost in the round-off of t', () => {
    const run = (t0: number, span: number, stepSize: number) => () =>
      odeint(decay, [1], [t0, t0 + span], { solver: dopri5, stepSize });
    expect(run(1.7e12, 1, 1e-4)).toThrow('hardly change t');
    expect(run(1e6, 1e-9, 1e-11)).toThrow('hardly change t');
    expect(run(1.7e12, 1, 0.1)).not.toThrow();
  });

  test('a controller', () => {
    expect(() => loosely(decay, [1], [0, 1], { solver: dopri5, controller: {} })).toThrow('controller is none');
  });

  test('a way to save', () => {
    const options = { solver: dopri5, saveAt: 'stepz' as never };
    expect(() => solve({ f: decay, y0: [1], t0: 0, t1: 1 }, options)).toThrow('saveAt is "stepz"');
  });

  test('an end of the span', () => {
    const missing = { f: decay, y0: [1], t0: 0 } as never;
    expect(() => solve(missing, { solver: dopri5 })).toThrow('t1 is undefined');
  });
});

describe('numbers far from one', () => {
  const at = (t0: number, t1: number, y0: number, f: () => number[], options: object = {}) =>
    solve({ f, y0: [y0], t0, t1 }, { solver: dopri5, throw: false, ...options });

  test('a state that overflows is a failure, never a result', () => {
    expect(at(0, 1e160, 0, () => [1e150]).status).toBe('non-finite');
    expect(at(0, 1e160, 0, () => [1e150], { stepSize: 1e158 }).status).toBe('non-finite');
  });

  test('a large state is none', () => {
    const { status, ys } = at(0, 1, 1e200, () => [1e200]);
    expect(status).toBe('success');
    expect(ys[0]![0]! / 2e200).toBeCloseTo(1, 12);
  });

  test('the first step is one that changes t', () => {
    const { status, ys } = at(1.7e12, 1.7e12 + 1000, 0, () => [1]);
    expect(status).toBe('success');
    expect(ys[0]![0]).toBeCloseTo(1000, 6);
  });

  test('a component that starts at zero needs no absolute tolerance to start', () => {
    const { status, ys } = at(0, 1, 0, () => [1], { atol: 0, rtol: 1e-6 });
    expect(status).toBe('success');
    expect(ys[0]![0]).toBeCloseTo(1, 12);
  });
});

test('dense output of a disposed solution is refused', () => {
  const { dense, dispose } = solve({ f: decay, y0: [1], t0: 0, t1: 1 }, { solver: dopri5, saveAt: 'dense' });
  expect(dense!(0.5)[0]).toBeCloseTo(Math.exp(-0.5), 4);
  dispose();
  expect(() => dense!(0.5)).toThrow('The solution is disposed');
});
