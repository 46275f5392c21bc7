import '@tensorflow/tfjs-backend-cpu';
import { errorNorm, type Field, float64Space, runSync, type StepCotangents, type StepVjp } from '@neural-ode/core';
import { aca } from '@neural-ode/gradient-aca';
import { explicitRungeKutta } from '@neural-ode/solvers';
import * as tableaux from '@neural-ode/tableaux';
import { relativeError } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { compile } from '../compile.ts';
import { fieldCode } from '../field-code.ts';
import { trace } from '../trace/trace.ts';
import { here } from './home.ts';
import { Machine } from './machine.ts';
import { stepPlan } from './plan.ts';
import { tapeRoom } from './stage-calls.ts';

await tf.setBackend('cpu');

type ArrayField = Field<Float64Array, Float64Array>;

/** Large enough for loops; of t too, so that a tape of the wrong stage is seen. */
const network = (t: tf.Scalar, y: tf.Tensor2D, [w1, w2]: [tf.Tensor2D, tf.Tensor2D]) =>
  tf.matMul(tf.tanh(tf.add(tf.matMul(y, w1), tf.sin(t))), w2);
const numbers = (count: number, scale: number) => Array.from({ length: count }, (_, n) => scale * Math.sin(7 * n + 1));
const args = [tf.tensor2d(numbers(5 * 40, 0.4), [5, 40]), tf.tensor2d(numbers(40 * 5, 0.4), [40, 5])];
const compiledOf = (dtype: 'float32' | 'float64') =>
  compile(network, { example: tf.zeros([12, 5]), args, dtype, relaxedSimd: false }).field();
const fields = { float64: compiledOf('float64'), float32: compiledOf('float32') };
const y0 = Float64Array.from(numbers(60, 1), Math.fround);

/** The field alone, whose steps are those of the generic stepper: they keep nothing. */
const alone = (field: ArrayField): ArrayField => ({
  parameters: field.parameters,
  parameterSpace: field.parameterSpace,
  evaluate: (t, y) => field.evaluate(t, y),
  vjp: (t, y, cotangent, wantTime) => field.vjp(t, y, cotangent, wantTime),
});

const all = Object.values(tableaux).filter((entry) => typeof entry === 'object' && 'stages' in entry);
const roundOff = { float64: 1e-12, float32: 2e-4 };

describe.each(['float64', 'float32'] as const)('with kept layers, in %s', (dtype) => {
  const field = fields[dtype];

  test.each(all)('the steps of $name have the cotangents of the generic ones', (tableau) => {
    const solver = explicitRungeKutta(tableau);
    const norm = tableau.bError && errorNorm(float64Space, { rtol: 1e-3, atol: 1e-4 });
    const counts = { evaluations: 0, vjps: 0 };
    const own = field.stepper!(solver, norm, counts)!;
    const generic = solver.bind(alone(field), float64Space, norm);
    const y1 = Float64Array.from(numbers(60, 0.7));
    const outputs = [0.35, 0.8].map((t, n) => ({ t, cotangent: Float64Array.from(numbers(60, 0.3 - n)) }));
    const cases: StepCotangents<Float64Array>[] = [
      { y1 },
      { outputs },
      { y1, wantTime: true },
      { y1, outputs, wantTime: true },
      // In float32 an error estimate is mostly rounding.
      ...(tableau.bError && dtype === 'float64'
        ? [{ errorNorm: 1.5 }, { y1, outputs, errorNorm: -2, wantTime: true }]
        : []),
    ];
    const flat = ({ y0, parameters, t, h, outputs }: StepVjp<Float64Array, Float64Array>) => [
      ...y0,
      ...parameters,
      ...[t, h, outputs].flat(),
    ];
    const weights = tableau.b.reduce((sum, weight) => sum + Math.abs(weight), 0);
    for (const cotangents of cases) {
      const actual = flat(own.vjp(own.revisit(0.3, 1.3, y0), cotangents));
      const expected = flat(generic.vjp(generic.revisit(0.3, 1.3, y0), cotangents));
      // The estimates of high orders are differences of nearly equal sums.
      const tolerance = cotangents.errorNorm ? 1e-6 : roundOff[dtype] * weights;
      expect(relativeError(actual, expected)).toBeLessThan(tolerance);
    }
  });

  test.each(all)('whole gradients by $name are the generic ones', (tableau) => {
    const options = { solver: explicitRungeKutta(tableau), stepSize: 0.11 };
    const weights = tableau.b.reduce((sum, weight) => sum + Math.abs(weight), 0);
    for (const ts of [
      [0, 1],
      [1, 0.6, 0],
      [0, 0.2, 0.25, 0.9],
    ]) {
      const [actual, expected] = [field, alone(field)].map((either) => {
        const task = { field: either, space: float64Space, y0, ts, options, wantTimes: true, warn() {} };
        const recording = runSync(aca.record(task));
        const bars = recording.ys.map((y, n) => y.map((value, i) => value * Math.sin(n + i)));
        const back = runSync(recording.pullback(bars));
        return [...back.y0, ...back.parameters, ...(back.ts as number[])];
      }) as [number[], number[]];
      expect(relativeError(actual, expected)).toBeLessThan(roundOff[dtype] * weights);
    }
  });
});

test('more than a quarter of a gigabyte is not kept', () => {
  const plan = stepPlan(tableaux.dopri5);
  expect(tapeRoom({ tapeBytes: 2 ** 20 }, plan)).toBe(7 * 2 ** 20);
  expect(tapeRoom({ tapeBytes: 2 ** 26 }, plan)).toBe(0);
  expect(tapeRoom({ tapeBytes: 2 ** 20 }, undefined)).toBe(0);
});

test('there is room for layers from the first gradient on', () => {
  const { code } = fieldCode(trace(network, { y: tf.zeros([12, 5]), args }), 'float64', false);
  const plan = stepPlan(tableaux.dopri5);
  let memory: WebAssembly.Memory | undefined;
  const newMemory = (pages: number) => {
    memory = here.newMemory(pages);
    return memory;
  };
  const machine = new Machine(code, plan, { ...here, newMemory });
  const bytes = () => memory!.buffer.byteLength;
  const atFirst = bytes();
  const start = machine.reserve(0, 'advance');
  expect(bytes()).toBe(atFirst);
  expect(code.tapeBytes).toBe(12 * 40 * 8);
  expect(machine.reserve(0, 'pullback') - start).toBeGreaterThanOrEqual(7 * code.tapeBytes);
});
