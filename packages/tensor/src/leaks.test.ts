import { InvalidInputError, NeuralOdeError } from '@neural-ode/core';
import { aca } from '@neural-ode/gradient-aca';
import { adjoint } from '@neural-ode/gradient-adjoint';
import { naive } from '@neural-ode/gradient-naive';
import { dopri5 } from '@neural-ode/solvers';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { backends, start } from './fixtures/backends.ts';
import { odeint, odeintAsync, planMesh, solve, solveAsync, type TensorOptions, useBackend } from './index.ts';

const sine = (_t: tf.Scalar, y: tf.Tensor) => tf.sin(y);

/** A field that throws at its n-th call. */
function failing(n: number) {
  let calls = 0;
  return (_t: tf.Scalar, y: tf.Tensor) => {
    if (++calls > n) throw new Error('no');
    return tf.sin(y);
  };
}

// A tidy around a call would hide what the call leaves behind, so these have none.
describe.each(backends)('%s, outside of a tidy', (backend) => {
  let y0: tf.Tensor1D;
  let nan: tf.Tensor1D;
  let disposed: tf.Tensor1D;
  let integers: tf.Tensor1D;
  let negative: tf.Tensor1D;
  let noTimes: tf.Tensor1D;
  beforeAll(async () => {
    await start(backend);
    y0 = tf.tensor1d([1, 2]);
    nan = tf.tensor1d([1, Number.NaN]);
    disposed = tf.tensor1d([1, 2]);
    disposed.dispose();
    integers = tf.tensor1d([1, 2], 'int32');
    negative = tf.tensor1d([1e-3, -1]);
    noTimes = tf.tensor1d([]);
  });

  describe.each(['arrays', 'tensors'] as const)('states as %s', (states) => {
    const o = { solver: dopri5, states, warn: () => {} } as const;

    const calls: Record<string, () => unknown> = {
      odeint: () => odeint(sine, y0, [0, 1, 2], o),
      odeintAsync: () => odeintAsync(sine, y0, [0, 1, 2], o),
      'odeint, with a tolerance for each component': () => odeint(sine, y0, [0, 1], { ...o, rtol: y0, atol: y0 }),
      'the gradient by ACA': () => tf.grad((y) => tf.sum(odeint(sine, y, [0, 1], { ...o, gradient: aca })))(y0),
      'the gradient by naive': () => tf.grad((y) => tf.sum(odeint(sine, y, [0, 1], { ...o, gradient: naive })))(y0),
      'the gradient by adjoint': () => tf.grad((y) => tf.sum(odeint(sine, y, [0, 1], { ...o, gradient: adjoint })))(y0),
      'a gradient that does not pass through it': () =>
        tf.grad((x) => {
          odeint(sine, y0, [0, 1], { ...o, gradient: naive });
          return tf.sum(x);
        })(y0),
      solve: () => solve({ f: sine, y0, t0: 0, t1: 1 }, { ...o, saveAt: 'steps' }),
      solveAsync: () => solveAsync({ f: sine, y0, t0: 0, t1: 1 }, { ...o, saveAt: [0.5] }),
      'a dense output, asked often': () => {
        const solution = solve({ f: sine, y0, t0: 0, t1: 1 }, { ...o, saveAt: 'dense' });
        // The first time inside a step may add stages that are kept with the step.
        for (const n of [1, 2]) tf.dispose(solution.dense?.(n / 2));
        const before = tf.memory().numTensors;
        for (const t of [0, 0.5, 1]) tf.dispose(solution.dense?.(t));
        expect(tf.memory().numTensors).toBe(before);
        return solution;
      },
      planMesh: () => planMesh(sine, y0, [0, 1], o),
    };

    test.each(Object.entries(calls))('%s leaves what it returned', async (_, call) => {
      const before = tf.memory().numTensors;
      const result = (await call()) as { dispose?: () => void };
      result.dispose?.();
      expect(tf.memory().numTensors).toBe(before);
    });

    const g = { ...o, gradient: aca };
    const failures: Record<string, [() => unknown, RegExp]> = {
      'odeint, f failing': [() => odeint(failing(5), y0, [0, 1], o), /^no$/],
      'odeintAsync, f failing': [() => odeintAsync(failing(5), y0, [0, 1], o), /^no$/],
      'solve, f failing': [() => solve({ f: failing(5), y0, t0: 0, t1: 1 }, o), /^no$/],
      'planMesh, f failing': [() => planMesh(failing(5), y0, [0, 1], o), /^no$/],
      'planMesh, over no span': [() => planMesh(sine, y0, [0, 0], o), /not strictly monotonic/],
      'solve, too few steps': [() => solve({ f: sine, y0, t0: 0, t1: 9 }, { ...o, maxSteps: 1 }), /did not reach/],
      'odeint, too few steps': [() => odeint(sine, y0, [0, 9], { ...o, maxSteps: 1 }), /did not reach/],
      'a gradient, too few steps': [
        () => tf.grad((y) => tf.sum(odeint(sine, y, [0, 9], { ...g, maxSteps: 1 })))(y0),
        /did not reach/,
      ],
      'solve, warn failing': [
        () =>
          solve({ f: (t, y) => tf.add(t, y), y0, t0: 1e6, t1: 1e6 + 1 }, { ...o, stepSize: 0.25, warn: complaining }),
        /float32 scalar/,
      ],
      'solveAsync, warn failing': [
        () =>
          solveAsync(
            { f: (t, y) => tf.add(t, y), y0, t0: 1e6, t1: 1e6 + 1 },
            { ...o, stepSize: 0.25, warn: complaining, saveAt: 'steps' },
          ),
        /float32 scalar/,
      ],
      'y0 with NaN': [() => odeint(sine, nan, [0, 1], o), /y0 holds an infinite or NaN component/],
      'y0 disposed': [() => odeint(sine, disposed, [0, 1], o), /y0 is disposed: /],
      'a leaf of y0 disposed': [
        () => odeint((_t, y) => y, { a: [disposed] }, [0, 1], o),
        /y0\.a\[0\] is disposed: keep it alive/,
      ],
      'args disposed': [() => odeint(sine as never, y0, [0, 1], { ...o, args: disposed as never }), /args is disposed/],
      'y0 of integers': [() => odeint(sine, integers, [0, 1], o), /dtype int32/],
      'rtol 0': [() => odeint(sine, y0, [0, 1], { ...o, rtol: 0, warn: complaining }), /rtol is 0: give a positive/],
      'rtol negative': [() => odeint(sine, y0, [0, 1], { ...o, rtol: -1, warn: complaining }), /rtol is -1/],
      'rtol negative for a component': [
        () => odeint(sine, y0, [0, 1], { ...o, rtol: negative }),
        /rtol holds a value that is negative or not finite/,
      ],
      'atol NaN for a component, in a gradient': [
        () => tf.grad((y) => tf.sum(odeint(sine, y, [0, 1], { ...g, atol: nan })))(y0),
        /atol holds a value that is negative or not finite/,
      ],
      'rtol NaN for a component, asynchronously': [
        () => solveAsync({ f: sine, y0, t0: 0, t1: 1 }, { ...o, rtol: nan }),
        /rtol holds a value/,
      ],
      'no times': [() => odeint(sine, y0, [], o), /ts is empty/],
      'no times, as a tensor': [() => odeint(sine, y0, noTimes, o), /ts is empty/],
      'times disposed': [() => odeint(sine, y0, disposed, o), /ts is disposed/],
      'times undefined': [() => odeint(sine, y0, undefined as never, o), /ts is undefined/],
      'times null': [() => planMesh(sine, y0, null as never, o), /ts is null/],
      'a misspelt option': [() => odeint(sine, y0, [0, 1], { ...o, rtoll: 1 } as never), /did you mean 'rtol'/],
      'an option of solve': [() => odeint(sine, y0, [0, 1], { ...o, saveAt: 'end' } as never), /no option 'saveAt'/],
      'a norm': [() => odeint(sine, y0, [0, 1], { ...o, norm: {} } as never), /no option 'norm'/],
      'a misspelt option of solve': [
        () => solve({ f: sine, y0, t0: 0, t1: 1 }, { ...o, saveat: 'end' } as never),
        /did you mean 'saveAt'/,
      ],
      'a misspelt option of planMesh': [
        () => planMesh(sine, y0, [0, 1], { ...o, gradiant: aca } as never),
        /'gradient'/,
      ],
      'misspelt states': [
        () => odeint(sine, y0, [0, 1], { ...o, states: 'array' as never }),
        /states is "array": give one of 'auto', 'arrays', 'tensors'/,
      ],
      'no options': [() => (odeint as (...args: unknown[]) => unknown)(sine, y0, [0, 1]), /options are undefined/],
      'options null': [() => planMesh(sine, y0, [0, 1], null as never), /options are null/],
      'a misspelt gradient': [() => odeint(sine, y0, [0, 1], { ...o, gradient: 'acca' as never }), /'acca'/],
      'a gradient that is none': [
        () => odeint(sine, y0, [0, 1], { ...o, gradient: {} } as unknown as TensorOptions),
        /gradient is no strategy/,
      ],
      'solve in a gradient': [
        () =>
          tf.grad((y) =>
            tf.add(solve({ f: (_t, y) => tf.neg(y), y0: y, t0: 0, t1: 1 }, o).ys[0] as tf.Tensor, tf.sum(y)),
          )(y0),
        /A gradient is being recorded, which solve would lose: take odeint/,
      ],
    };

    test.each(Object.entries(failures))('%s: leaves nothing', async (_, [call, message]) => {
      const before = tf.memory().numTensors;
      const error = await (async () => call())().then(
        () => undefined,
        (error: Error) => error,
      );
      expect(error?.message).toMatch(message);
      if (error?.message !== 'no') expect(error).toBeInstanceOf(NeuralOdeError);
      expect(tf.memory().numTensors).toBe(before);
    });

    test('a dense output refuses to be asked after dispose', () => {
      const solution = solve({ f: sine, y0, t0: 0, t1: 1 }, { ...o, saveAt: 'dense' });
      solution.dispose();
      solution.dispose();
      expect(() => solution.dense?.(0.5)).toThrow(InvalidInputError);
    });
  });

  test('useBackend twice, and with what is no backend', async () => {
    const before = tf.memory().numTensors;
    const part = { name: backend, priority: 1, probe: async () => undefined, start: async () => {} };
    for (let n = 0; n < 2; n++) expect((await useBackend(part)).name).toBe(backend);
    for (const [bad, message] of [
      [[], /backend is an empty list/],
      [null, /backend is none/],
      [{}, /backend is none/],
      ['wasm', /import '@neural-ode\/backend-wasm\/register'/],
      [['cpu'], /import '@neural-ode\/backend-cpu\/register'/],
    ] as const) {
      const error = await useBackend(bad as never).catch((error: Error) => error);
      expect(error).toBeInstanceOf(NeuralOdeError);
      expect((error as Error).message).toMatch(message);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

function complaining(message: string): never {
  throw new NeuralOdeError('test', message);
}
