import '@tensorflow/tfjs-backend-cpu';
import { aca } from '@neural-ode/gradient-aca';
import { type ExplicitRungeKutta, explicitRungeKutta } from '@neural-ode/solvers';
import * as tableaux from '@neural-ode/tableaux';
import { relativeError } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import { odeintVjp } from 'neural-ode';
import { describe, expect, test, vi } from 'vitest';
import { compile } from '../compile.ts';

await tf.setBackend('cpu');

/** Large enough for a tape; of t too, so that the stages of another time are seen. */
const network = (t: tf.Scalar, y: tf.Tensor2D, [w1, w2]: [tf.Tensor2D, tf.Tensor2D]) =>
  tf.matMul(tf.tanh(tf.add(tf.matMul(y, w1), tf.sin(t))), w2);
const numbers = (count: number, scale: number) => Array.from({ length: count }, (_, n) => scale * Math.sin(7 * n + 1));
const args = [tf.tensor2d(numbers(5 * 40, 0.4), [5, 40]), tf.tensor2d(numbers(40 * 5, 0.4), [40, 5])];
const compiled = (dtype: 'float32' | 'float64' = 'float64', batch = 12) =>
  compile(network, { example: tf.zeros([batch, 5]), args, dtype, relaxedSimd: false });
const weights = [...numbers(200, 0.4), ...numbers(200, 0.4)];
const y0 = numbers(60, 1).map(Math.fround);

const all = Object.values(tableaux).filter((entry) => typeof entry === 'object' && 'stages' in entry);
const spans = { ends: [0, 1], within: [0, 0.2, 0.25, 0.9], backwards: [1, 0.6, 0] } as const;

type Field = ReturnType<typeof compiled>;
interface Options {
  readonly solver: ExplicitRungeKutta | 'dopri5' | 'tsit5';
  readonly stepSize?: number;
  readonly rtol?: number;
  readonly atol?: number;
  readonly firstStep?: number;
}

/** A solve and its gradient; in between, `before` may do what loses the stages. */
function gradient(f: Field, ts: readonly number[], options: Options, before = () => {}) {
  const { ys, pullback } = odeintVjp(f, y0, ts as number[], { gradient: aca, parameters: weights, ...options });
  before();
  const back = pullback(ys.map((y, n) => Array.from(y, (value, i) => value * Math.sin(n + i))));
  // The cotangents of the output times take one evaluation each.
  return { numbers: [...back.y0, ...back.parameters], evaluations: back.stats.evaluations - ts.length };
}

/** The same without the stages: another solve by the method has taken their place. */
const againAfter = (f: Field, ts: readonly number[], options: Options) =>
  gradient(f, ts, options, () => {
    odeintVjp(f, y0, [7, 8], { gradient: aca, parameters: weights, ...options });
  });

describe.each(['float64', 'float32'] as const)('stages kept by a solve in %s', (dtype) => {
  const f = compiled(dtype);

  test.each(all)('serve the walk back of $name, to the bit of what is computed again', (tableau) => {
    for (const ts of Object.values(spans)) {
      const options = { solver: explicitRungeKutta(tableau), stepSize: 0.11 };
      const kept = gradient(f, ts, options);
      const again = againAfter(f, ts, options);
      expect(kept.numbers).toEqual(again.numbers);
      // Extra stages of an output within a step are not kept, so with these all are computed again.
      const extra = ts.length > 2 && tableau.dense.extra.a.length > 0;
      if (!extra) expect(kept.evaluations).toBe(0);
      if (tableau.stages > 2) expect(again.evaluations).toBeGreaterThan(0);
    }
  });

  test('serve an adaptive solve with rejected steps', () => {
    const options = { solver: 'dopri5', rtol: 1e-4, atol: 1e-6, firstStep: 3 } as const;
    const kept = gradient(f, [0, 6], options);
    expect(kept.evaluations).toBe(0);
    expect(kept.numbers).toEqual(againAfter(f, [0, 6], options).numbers);
  });
});

test('steps beyond the room are computed again, and have room the next time', () => {
  const f = compiled();
  const options = { solver: 'dopri5', stepSize: 0.01 } as const;
  const first = gradient(f, [0, 1], options);
  const second = gradient(f, [0, 1], options);
  // 36 of 100 steps, of six stages each, whose first input and last slope are known.
  expect(first.evaluations).toBe(36 * 5);
  expect(second.evaluations).toBe(0);
  expect(first.numbers).toEqual(second.numbers);
});

test('memory for them is taken once', () => {
  const f = compiled();
  const options = { solver: 'dopri5', stepSize: 0.01 } as const;
  const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow');
  for (let n = 0; n < 2; n++) gradient(f, [0, 1], options);
  expect(grow).toHaveBeenCalled();
  grow.mockClear();
  for (const end of [1, 0.5, 0.1, 1, 1]) gradient(f, [0, end], options);
  expect(grow).not.toHaveBeenCalled();
  grow.mockRestore();
});

test('stages of other parameters, states or times are not taken for those of the solve', () => {
  const f = compiled();
  const options = { solver: 'tsit5', stepSize: 0.1 } as const;
  const fresh = () => gradient(compiled(), [0, 1], options).numbers;
  const others: [readonly number[], readonly number[], readonly number[]][] = [
    [y0, [0, 1], weights.map((weight) => 2 * weight)],
    [y0.map((value) => value + 1), [0, 1], weights],
    [y0, [0.5, 1.5], weights],
    [y0, [0, 0.3], weights],
  ];
  for (const [state, ts, parameters] of others) {
    const disturbed = gradient(f, [0, 1], options, () => {
      odeintVjp(f, [...state], [...ts], { gradient: aca, parameters: [...parameters], ...options });
    });
    expect(disturbed.numbers).toEqual(fresh());
  }
});

test('a gradient can be taken twice, and of two solves in turn', () => {
  const f = compiled();
  const options = { solver: 'dopri5', gradient: aca, stepSize: 0.1, parameters: weights } as const;
  const [one, other] = [odeintVjp(f, y0, [0, 1], options), odeintVjp(f, y0, [0, 2], options)];
  const bar = numbers(60, 1);
  const of = ({ pullback }: typeof one) => [...pullback([undefined, bar]).parameters];
  const expected = [of(one), of(other)];
  expect([of(one), of(other)]).toEqual(expected);
  expect(relativeError(expected[0] as number[], expected[1] as number[])).toBeGreaterThan(1e-3);
});

test('states of more than 64 KiB keep their stages too', () => {
  const f = compiled('float64', 2000);
  const state = numbers(10_000, 1);
  const { ys, pullback } = odeintVjp(f, state, [0, 0.5], {
    gradient: aca,
    solver: 'dopri5',
    stepSize: 0.25,
    parameters: weights,
  });
  expect(pullback([undefined, ys[1]]).stats.evaluations).toBe(2);
});
