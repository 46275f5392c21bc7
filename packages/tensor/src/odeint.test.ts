import { aca } from '@neural-ode/gradient-aca';
import { adjoint } from '@neural-ode/gradient-adjoint';
import { naive } from '@neural-ode/gradient-naive';
import { bosh3, explicitRungeKutta } from '@neural-ode/solvers';
import { dopri5 } from '@neural-ode/tableaux';
import { lotkaVolterra, reference, relativeError } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { backends, start, tensorsLeft } from './fixtures/backends.ts';
import { odeint, odeintAsync } from './index.ts';

const solver = explicitRungeKutta(dopri5);

/** A small multilayer perceptron whose variables the field reads without naming them. */
function perceptron(units = 8) {
  const init = (shape: number[], seed: number) =>
    tf.tidy(() => tf.variable(tf.mul(tf.randomNormal(shape, 0, 1, 'float32', seed), 0.4)));
  const variables = [init([2, units], 1), init([units], 2), init([units, 2], 3), init([2], 4)];
  const [w1, b1, w2, b2] = variables as [tf.Variable, tf.Variable, tf.Variable, tf.Variable];
  const f = (_t: tf.Scalar, y: tf.Tensor) => tf.add(tf.matMul(tf.tanh(tf.add(tf.matMul(y, w1), b1)), w2), b2);
  return { f, variables, dispose: () => tf.dispose(variables) };
}

const numbers = (tensor: tf.Tensor | undefined) => [...(tensor as tf.Tensor).dataSync()];

describe.each(backends)('%s', (backend) => {
  beforeAll(() => start(backend));

  describe.each(['arrays', 'tensors'] as const)('states as %s', (states) => {
    const o = { solver, gradient: aca, rtol: 1e-6, atol: 1e-8, states } as const;

    /** Runs a test and checks that no tensor is left. */
    const balanced = (name: string, f: () => void) =>
      test(name, () => {
        expect(tensorsLeft(() => tf.tidy(f))).toBe(0);
      });

    balanced('solves an exponential, at the start exactly', () => {
      const y = odeint((_t, y) => tf.neg(y), tf.tensor1d([1, 2]), [0, 1, 2], o);
      expect(y.shape).toEqual([3, 2]);
      const got = y.arraySync() as number[][];
      expect(got[0]).toEqual([1, 2]);
      expect(got[2]?.[1]).toBeCloseTo(2 * Math.exp(-2), 5);
    });

    balanced('solves backwards in time, and over no time', () => {
      const y = odeint((_t, y) => tf.neg(y), tf.scalar(1), [1, 0.5, 0], o);
      expect(numbers(y)[2]).toBeCloseTo(Math.E, 4);
      expect(numbers(odeint((_t, y) => y, tf.scalar(3), [1], o))).toEqual([3]);
    });

    balanced('takes any tree as state', () => {
      const y0 = { position: [tf.tensor1d([1, 0]), tf.scalar(2)], momentum: tf.tensor2d([[0, 1]]) } as const;
      const f = (_t: tf.Scalar, { position, momentum }: typeof y0) => ({
        // In another order than y0.
        momentum: tf.neg(tf.reshape(position[0], [1, 2])),
        position: [tf.reshape(momentum, [2]), tf.neg(position[1])] as const,
      });
      const y = odeint<typeof y0>(f, y0, [0, Math.PI / 2], o);
      expect(y.position[0].shape).toEqual([2, 2]);
      expect(y.momentum.shape).toEqual([2, 1, 2]);
      expect(numbers(y.position[0])[3]).toBeCloseTo(1, 5);
      expect(numbers(y.momentum)[2]).toBeCloseTo(-1, 5);
      expect(numbers(y.position[1])[1]).toBeCloseTo(2 * Math.exp(-Math.PI / 2), 5);
    });

    balanced('may return its own input', () => {
      expect(numbers(odeint((_t, y) => y, tf.scalar(1), [0, 1], o))[1]).toBeCloseTo(Math.E, 4);
      const w = tf.scalar(0.5);
      const [gy, gw] = tf.grads((y0, w) =>
        tf.sum(odeint((_t, { a }) => ({ a: w, b: a }), { a: y0, b: y0 }, [0, 2], o).b),
      )([tf.scalar(1), w]);
      expect(numbers(gy)[0]).toBeCloseTo(1 + 1 + 2, 4);
      expect(numbers(gw)[0]).toBeCloseTo(2, 4);
    });

    balanced('solves states whose squares float32 does not hold', () => {
      const large = odeint((_t, y) => tf.neg(y), tf.tensor1d([1e20, 2e20]), [0, 1], o);
      expect((numbers(large)[2] as number) / 1e20).toBeCloseTo(Math.exp(-1), 4);
      const fixed = odeint((_t, y) => tf.neg(y), tf.tensor1d([1e20, 2e20]), [0, 1], { ...o, stepSize: 0.1 });
      expect((numbers(fixed)[3] as number) / 2e20).toBeCloseTo(Math.exp(-1), 4);
    });

    balanced('takes a tolerance for each component', () => {
      let strict = 0;
      let loose = 0;
      const y0 = { a: tf.scalar(1), b: tf.scalar(1) };
      const f = (_t: tf.Scalar, { a, b }: typeof y0) => ({ a: tf.mul(tf.sin(tf.mul(a, 9)), 5), b: tf.neg(b) });
      const solve = (rtolOfA: number, tell: (n: number) => void) =>
        odeint(f, y0, [0, 3], {
          ...o,
          rtol: { a: tf.scalar(rtolOfA), b: tf.scalar(1e-3) },
          atol: 1e-9,
          onForward: ({ accepted }) => tell(accepted),
        });
      solve(1e-6, (n) => (strict = n));
      solve(1e-2, (n) => (loose = n));
      expect(strict).toBeGreaterThan(loose);
    });

    for (const gradient of [aca, naive, adjoint]) {
      const g = { ...o, gradient };
      describe(gradient.name, () => {
        balanced('differentiates by y0, a captured tensor and args', () => {
          const grads = tf.grads((y0, w, b) =>
            tf.sum(odeint((_t, y, { b }) => tf.add(tf.mul(w, y), b), y0, [0, 0.5, 2], { ...g, args: { b } })),
          )([tf.scalar(1.5), tf.scalar(-0.7), tf.scalar(0)]);
          const e = (t: number) => Math.exp(-0.7 * t);
          expect(numbers(grads[0])[0]).toBeCloseTo(1 + e(0.5) + e(2), 4);
          expect(numbers(grads[1])[0]).toBeCloseTo(1.5 * (0.5 * e(0.5) + 2 * e(2)), 4);
          expect(numbers(grads[2])[0]).toBeCloseTo((1 - e(0.5) + 1 - e(2)) / 0.7, 4);
        });

        balanced('agrees with the reference of Lotka-Volterra', () => {
          const f = (_t: tf.Scalar, u: tf.Tensor, p: tf.Tensor) => {
            const [x, y] = tf.split(u, 2) as [tf.Tensor, tf.Tensor];
            const [p1, p2, p3, p4] = tf.split(p, 4) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
            const met = tf.mul(x, y);
            return tf.concat([tf.sub(tf.mul(p1, x), tf.mul(p2, met)), tf.sub(tf.mul(p4, met), tf.mul(p3, y))]);
          };
          const { u1, du1 } = reference.lotkaVolterra;
          const last = (u0: tf.Tensor, p: tf.Tensor, ts: tf.Tensor) =>
            tf.slice(odeint(f, u0 as tf.Tensor1D, ts as tf.Tensor1D, { ...g, args: p }), 1);
          const at = [
            tf.tensor1d([...lotkaVolterra.y0]),
            tf.tensor1d([...lotkaVolterra.parameters]),
            tf.tensor1d([0, 1]),
          ];
          const close = (got: readonly number[], due: readonly number[]) =>
            due.forEach((value, n) => {
              expect(Math.abs((got[n] as number) - value)).toBeLessThan(2e-4 * Math.max(1, Math.abs(value)));
            });
          close(numbers(last(...(at as [tf.Tensor, tf.Tensor, tf.Tensor]))), u1);
          for (const n of [0, 1] as const) {
            const [du0, dp, dts] = tf.grads((u0, p, ts) => tf.sum(tf.slice(last(u0, p, ts), [0, n], [1, 1])))(at);
            const row = (...names: (keyof typeof du1)[]) => names.map((name) => du1[name][n] as number);
            close(numbers(du0), row('x0', 'y0'));
            close(numbers(dp), row('p1', 'p2', 'p3', 'p4'));
            close(numbers(dts).slice(1), row('t1'));
          }
        });

        balanced('differentiates by the times', () => {
          const dts = tf.grad((ts) =>
            tf.sum(
              tf.mul(
                odeint((_t, y) => tf.neg(y), tf.scalar(1), ts as tf.Tensor1D, g),
                tf.tensor1d([0, 1, 2]),
              ),
            ),
          )(tf.tensor1d([0, 0.5, 1]));
          const e = (t: number) => Math.exp(-t);
          const [d0, d1, d2] = numbers(dts) as [number, number, number];
          expect(d1).toBeCloseTo(-e(0.5), 4);
          expect(d2).toBeCloseTo(-2 * e(1), 4);
          expect(d0).toBeCloseTo(e(0.5) + 2 * e(1), 4);
        });

        balanced('finds the variables, and agrees with difference quotients', () => {
          const net = perceptron();
          const y0 = tf.tensor2d([
            [1, 0.5],
            [-0.3, 0.8],
          ]);
          const loss = () => tf.sum(tf.square(odeint(net.f, y0, [0, 0.3, 1], { ...g, rtol: 1e-5 }))) as tf.Scalar;
          const { grads } = tf.variableGrads(loss);
          expect(Object.keys(grads).sort()).toEqual(net.variables.map((v) => v.name).sort());
          for (const variable of net.variables) {
            const before = tf.clone(variable);
            const along = tf.randomUniform(variable.shape, -1, 1, 'float32', 5);
            const at = (h: number) => {
              variable.assign(tf.add(before, tf.mul(along, h)));
              return numbers(loss())[0] as number;
            };
            const quotient = (at(0.02) - at(-0.02)) / 0.04;
            variable.assign(before);
            expect(numbers(tf.sum(tf.mul(grads[variable.name] as tf.Tensor, along)))[0]).toBeCloseTo(quotient, 2);
          }
          net.dispose();
        });

        balanced('differentiates tensors that the loss makes on the way', () => {
          // Disposed by tfjs before the backward pass begins, and read again by f.
          const grad = tf.grad((w) => {
            const rate = tf.neg(tf.square(w));
            const half = tf.div(rate, 2);
            const y = odeint((_t, y, a) => tf.mul(tf.add(half, a), y), tf.scalar(1), [0, 1], { ...g, args: half });
            return tf.sum(tf.slice(y, 1));
          })(tf.scalar(0.8));
          expect(numbers(grad)[0]).toBeCloseTo(-1.6 * Math.exp(-0.64), 4);
        });

        balanced('differentiates under a tolerance for each component', () => {
          const f = (_t: tf.Scalar, y: tf.Tensor) => tf.mul(tf.sin(tf.mul(y, 9)), 5);
          const options = { ...g, solver: bosh3, firstStep: 0.3, atol: 1e-4, warn: () => {} };
          const of = (rtol: number | tf.Tensor) =>
            numbers(tf.grad((y) => tf.sum(odeint(f, y, [0, 0.5, 1], { ...options, rtol })))(tf.tensor1d([0.1, 0.3])));
          const [each, all] = [of(tf.tensor1d([1e-3, 1e-3])), of(1e-3)];
          expect(relativeError(each, all)).toBeLessThan(0.02);
        });

        balanced('differentiates by a captured scalar where the state has no component', () => {
          // What the freed memory held must not come back as a gradient.
          tf.dispose(Array.from({ length: 50 }, (_, n) => tf.tensor1d([n, 1])));
          const grad = tf.grad((w) => {
            const y = odeint((_t, y) => tf.mul(w, y), tf.zeros([0, 2]), [0, 1], g);
            return tf.sum(tf.concat([tf.reshape(y, [-1]), tf.zeros([1])]));
          })(tf.scalar(2));
          expect(numbers(grad)[0]).toBe(0);
        });

        balanced('captures y0 itself', () => {
          // y' = y0 - y = 0 at y0: y1 = y0 whatever it is.
          const grad = tf.grad((y0) =>
            tf.sum(
              tf.slice(
                odeint((_t, y) => tf.sub(y0, y), y0, [0, 1], g),
                1,
              ),
            ),
          )(tf.scalar(2));
          expect(numbers(grad)[0]).toBeCloseTo(1, 5);
        });

        balanced('works in a field of a solve, and with a gradient in the field', () => {
          // The inner solve gives e^w y; a Hamiltonian field takes a gradient of its own.
          const grad = tf.grad((w) =>
            tf.sum(
              tf.slice(
                odeint(
                  (_t, y) =>
                    tf.reshape(
                      tf.slice(
                        odeint((_s, z) => tf.mul(w, z), y, [0, 1], { ...g, rtol: 1e-4 }),
                        1,
                      ),
                      [],
                    ),
                  tf.scalar(1),
                  [0, 0.5],
                  { ...g, rtol: 1e-4 },
                ),
                1,
              ),
            ),
          )(tf.scalar(0));
          // y(0.5) = exp(0.5 e^w): derivative 0.5 exp(0.5) at w = 0.
          expect(numbers(grad)[0]).toBeCloseTo(0.5 * Math.exp(0.5), 3);

          const energy = (y: tf.Tensor, k: tf.Tensor) => tf.sum(tf.mul(k, tf.square(tf.square(y))));
          const momentum = (k: tf.Tensor) => {
            const f = (_t: tf.Scalar, y: tf.Tensor) => {
              const slope = tf.grad((y: tf.Tensor) => energy(y, k))(y);
              return tf.concat([tf.slice(slope, 1, 1), tf.neg(tf.slice(slope, 0, 1))]);
            };
            return tf.sum(tf.slice(odeint(f, tf.tensor1d([1, 0.5]), [0, 0.6], g), [1, 1]));
          };
          const byStiffness = numbers(tf.grad(momentum)(tf.tensor1d([0.25, 0.25])));
          const at = (a: number, b: number) => numbers(momentum(tf.tensor1d([0.25 + a, 0.25 + b])))[0] as number;
          expect(byStiffness[0]).toBeCloseTo((at(0.02, 0) - at(-0.02, 0)) / 0.04, 3);
          expect(byStiffness[1]).toBeCloseTo((at(0, 0.02) - at(0, -0.02)) / 0.04, 3);
        });
      });
    }

    balanced('trains for twenty steps without a leak', () => {
      const net = perceptron();
      const optimizer = tf.train.sgd(0.3);
      const y0 = tf.tensor2d([[1, 0.5]]);
      const loss = () => tf.mean(tf.square(tf.sub(odeint(net.f, y0, [0, 1], { ...o, rtol: 1e-3 }), 0.3))) as tf.Scalar;
      const losses: number[] = [];
      let tensors = 0;
      for (let step = 0; step < 20; step++) {
        const value = optimizer.minimize(loss, true) as tf.Scalar;
        losses.push(numbers(value)[0] as number);
        value.dispose();
        if (step === 0) tensors = tf.memory().numTensors;
        expect(tf.memory().numTensors).toBe(tensors);
      }
      expect(losses.at(-1)).toBeLessThan(0.75 * (losses[0] as number));
      net.dispose();
      optimizer.dispose();
    });

    balanced('reads constants, integers and variables that are not trained', () => {
      const frozen = tf.variable(tf.scalar(-1), false);
      const order = tf.tensor1d([1, 0], 'int32');
      let kept: tf.Tensor | undefined;
      let evaluations = 0;
      const grad = tf.grad((y0) => {
        const mask = tf.greater(tf.tensor1d([1, -1]), 0);
        const f = (_t: tf.Scalar, y: tf.Tensor) => {
          kept ??= tf.keep(tf.scalar(1));
          evaluations++;
          return tf.mul(tf.mul(tf.gather(tf.gather(y, order), order), frozen), tf.mul(tf.cast(mask, 'float32'), kept));
        };
        return tf.sum(tf.slice(odeint(f, y0 as tf.Tensor1D, [0, 1], o), 1));
      })(tf.tensor1d([1, 1]));
      expect(numbers(grad)[0]).toBeCloseTo(Math.exp(-1), 5);
      expect(numbers(grad)[1]).toBeCloseTo(1, 5);
      expect(evaluations).toBeGreaterThan(0);
      tf.dispose([frozen, kept as tf.Tensor]);
    });

    balanced('tells what the solve and the gradient cost', () => {
      const told: object[] = [];
      const tell = (stats: object) => told.push(stats);
      tf.grad((y0) => tf.sum(odeint((_t, y) => tf.neg(y), y0, [0, 1], { ...o, onForward: tell, onBackward: tell })))(
        tf.scalar(1),
      );
      expect(told).toMatchObject([
        { evaluations: expect.any(Number), accepted: expect.any(Number), mesh: { ts: expect.any(Array) } },
        { vjps: expect.any(Number) },
      ]);
    });

    balanced('retains nothing when the gradient does not pass through it', () => {
      const y0 = tf.scalar(1);
      const w = tf.scalar(1);
      tf.grads((w) => {
        odeint((_t, y) => tf.mul(w, y), y0, [0, 1], o);
        return tf.square(w);
      })([w]);
    });

    test('asynchronously gives the same, and disposes all when it fails', async () => {
      const before = tf.memory().numTensors;
      const y0 = tf.tensor1d([1, 2]);
      const f = (_t: tf.Scalar, y: tf.Tensor) => tf.sin(y);
      const now = odeint(f, y0, [0, 1, 2], o);
      const later = await odeintAsync(f, y0, tf.tensor1d([0, 1, 2]), o);
      expect(numbers(later)).toEqual(numbers(now));
      tf.dispose([now, later]);
      let n = 0;
      const failing = (_t: tf.Scalar, y: tf.Tensor) => {
        if (n++ > 9) throw new Error('no');
        return tf.sin(y);
      };
      await expect(odeintAsync(failing, y0, [0, 9], o)).rejects.toThrow('no');
      y0.dispose();
      // The tensor of times.
      expect(tf.memory().numTensors).toBe(before + 1);
    });
  });

  test('states as arrays and as tensors agree, values and gradients', () => {
    tf.tidy(() => {
      const net = perceptron();
      const run = (states: 'arrays' | 'tensors') => {
        const o = { solver, gradient: naive, rtol: 1e-4, states, stepSize: undefined } as const;
        const y0 = tf.tensor2d([[1, 0.5]]);
        const { value, grads } = tf.variableGrads(() => tf.sum(odeint(net.f, y0, [0, 0.4, 1], o)) as tf.Scalar);
        return [value, ...net.variables.map((v) => grads[v.name] as tf.Tensor)].flatMap(numbers);
      };
      const [arrays, tensors] = [run('arrays'), run('tensors')];
      arrays.forEach((value, n) => {
        expect(tensors[n]).toBeCloseTo(value, 4);
      });
      net.dispose();
    });
  });
});
