import '@tensorflow/tfjs-backend-cpu';
import {
  type AdaptiveController,
  arrayField,
  type Field,
  float64Space,
  iController,
  piController,
  pidController,
  runSync,
  type Solution,
  type SolveOptions,
  type Stepper,
  solveRoutine,
} from '@neural-ode/core';
import { aca } from '@neural-ode/gradient-aca';
import { explicitRungeKutta } from '@neural-ode/solvers';
import * as tableaux from '@neural-ode/tableaux';
import { relativeError } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { compile } from '../compile.ts';

await tf.setBackend('cpu');

type ArrayField = Field<Float64Array, Float64Array>;
type ArrayStepper = Stepper<Float64Array, Float64Array>;

/** The same field, whose steppers leave the loop and the walk back to core. */
function stepByStep(field: ArrayField): ArrayField {
  return {
    parameters: field.parameters,
    parameterSpace: field.parameterSpace,
    evaluate: (t, y) => field.evaluate(t, y),
    vjp: (t, y, cotangent, wantTime) => field.vjp(t, y, cotangent, wantTime),
    stepper(solver, norm, counts) {
      const own = field.stepper?.(solver, norm, counts) as ArrayStepper;
      return {
        start: (t0, y0) => own.start(t0, y0),
        step: (t0, t1, y0, carry) => own.step(t0, t1, y0, carry),
        revisit: (t0, t1, y0) => own.revisit(t0, t1, y0),
        interpolate: (step, t) => own.interpolate(step, t),
        vjp: (step, cotangents) => own.vjp(step, cotangents),
        states: (step) => own.states(step),
        firstBadStage: (step) => own.firstBadStage(step),
        firstStepSize: (t0, y0, carry, span, errorOrder) =>
          own.firstStepSize?.(t0, y0, carry, span, errorOrder) as number,
      };
    },
  };
}

const vanDerPol = (_t: tf.Scalar, y: tf.Tensor1D) => {
  const [y1, y2] = tf.unstack(y) as [tf.Scalar, tf.Scalar];
  return tf.stack([y2, tf.sub(tf.mul(tf.sub(1, tf.square(y1)), y2), y1)]);
};
const field = compile(vanDerPol, { example: [2, 0] }).field();
const y0 = Float64Array.of(2, 0);

function solveTwice(
  of: ArrayField,
  start: Float64Array,
  [t0, t1]: readonly [number, number],
  options: SolveOptions<Float64Array>,
): [Solution<Float64Array>, Solution<Float64Array>] {
  const solved = [of, stepByStep(of)].map((either) =>
    runSync(solveRoutine({ field: either, space: float64Space, y0: start, t0, t1 }, { throw: false, ...options })),
  );
  return solved as [Solution<Float64Array>, Solution<Float64Array>];
}

function expectSame([inside, outside]: readonly [Solution<Float64Array>, Solution<Float64Array>]): void {
  expect(inside.mesh).toEqual(outside.mesh);
  expect(inside.ts).toEqual(outside.ts);
  expect(inside.ys).toEqual(outside.ys);
  expect(inside.stats).toEqual(outside.stats);
  expect(inside.status).toBe(outside.status);
  expect(inside.failure).toEqual(outside.failure);
}

const all = Object.values(tableaux).filter((entry) => typeof entry === 'object' && 'stages' in entry);
const times = Array.from({ length: 41 }, (_, n) => (n === 40 ? 10 : n / 4));

describe('the loop inside WebAssembly takes exactly the steps of the loop outside', () => {
  test.each(all)('by $name', (tableau) => {
    const solver = explicitRungeKutta(tableau);
    const steps = tableau.bError ? { rtol: 1e-4, atol: 1e-6 } : { stepSize: 0.03 };
    for (const saveAt of ['end', 'steps', times] as const) {
      expectSame(solveTwice(field, y0, [0, 10], { solver, ...steps, saveAt }));
    }
    expectSame(solveTwice(field, y0, [10, 0], { solver, ...steps, saveAt: times.toReversed(), maxSteps: 2000 }));
  });

  const dopri5 = explicitRungeKutta(tableaux.dopri5);
  test.each<[string, SolveOptions<Float64Array>]>([
    ['the I controller', { solver: dopri5, controller: iController({ safety: 0.8, maxFactor: 3 }) }],
    ['the PI controller', { solver: dopri5, controller: piController() }],
    ['the PID controller', { solver: dopri5, controller: pidController({ minFactor: 0.5 }) }],
    ['stops', { solver: dopri5, stops: [0.001, 3, 9.999999999] }],
    ['jumps', { solver: dopri5, jumps: [1, 4.5] }],
    ['bounded sizes', { solver: dopri5, maxStep: 0.05, firstStep: 0.01, rtol: 1e-3 }],
    ['tolerances for each component', { solver: dopri5, rtol: Float64Array.of(1e-3, 1e-5), atol: 1e-4 }],
    ['more steps than are kept at a time', { solver: dopri5, rtol: 1e-13, atol: 1e-13 }],
    ['a step too small', { solver: dopri5, minStep: 0.2 }],
    ['too many steps', { solver: dopri5, maxSteps: 17 }],
    ['a mesh', { solver: dopri5, mesh: { ts: [0, 0.1, 0.15, 1, 1.2, 2, 3, 4, 5, 6, 7, 8, 9, 10] } }],
  ])('with %s', (_, options) => {
    for (const saveAt of ['end', 'steps', times] as const) {
      expectSame(solveTwice(field, y0, [0, 10], { ...options, saveAt }));
    }
  });

  test('in float32', () => {
    const single = compile(vanDerPol, { example: [2, 0], dtype: 'float32' }).field();
    expectSame(solveTwice(single, y0, [0, 10], { solver: dopri5, rtol: 1e-4, atol: 1e-5, saveAt: times }));
  });

  test('where the field leaves its domain, or the solution ends', () => {
    const root = compile((_t: tf.Scalar, y: tf.Tensor1D) => tf.neg(tf.sqrt(y)), { example: [1] }).field();
    const blowUp = compile((_t: tf.Scalar, y: tf.Tensor1D) => tf.square(y), { example: [1] }).field();
    const start = Float64Array.of(1);
    for (const options of [{ rtol: 1e-3, atol: 1e-6 }, { stepSize: 0.3 }]) {
      expectSame(solveTwice(root, start, [0, 3], { solver: dopri5, ...options, saveAt: 'steps' }));
      const [inside, outside] = solveTwice(blowUp, start, [0, 3], { solver: dopri5, ...options, saveAt: 'steps' });
      expect(inside.status).not.toBe('success');
      expectSame([inside, outside]);
    }
  });

  test('of nothing', () => {
    const of = compile((_t: tf.Scalar, y: tf.Tensor1D) => tf.neg(y), { example: tf.zeros([0]) }).field();
    const solved = solveTwice(of, new Float64Array(0), [0, 1], { solver: dopri5, saveAt: 'steps' });
    expect(solved[0].status).toBe('success');
    expectSame(solved);
  });

  test.each([1, 12])('where the state of %d components overflows in a step without error', (size) => {
    const example = Array(size).fill(1);
    const of = compile((_t: tf.Scalar, y: tf.Tensor1D) => tf.mul(tf.tanh(y), 1e308), { example }).field();
    const [inside, outside] = solveTwice(of, Float64Array.from(example), [0, 10], { solver: dopri5 });
    expect(inside.status).toBe('non-finite');
    expectSame([inside, outside]);
  });

  test('by a copy of a controller with another decision, which is asked', () => {
    const [base, seen] = [iController(), [] as number[]];
    const controller: AdaptiveController = {
      ...base,
      decide(norm, ...rest) {
        seen.push(norm);
        return base.decide(norm, ...rest);
      },
    };
    const solved = solveTwice(field, y0, [0, 10], { solver: dopri5, controller });
    expectSame(solved);
    const { accepted, rejected } = solved[0].stats;
    expect(seen).toHaveLength(2 * (accepted + rejected));
  });

  test.each([1, 2, 3, 5, 8, 9, 17, 50, 129])(
    'for %d components, after others have left their numbers behind',
    (size) => {
      const example = Array.from({ length: size }, (_, n) => Math.cos(n));
      const rotate = (_t: tf.Scalar, y: tf.Tensor1D) => tf.sub(tf.sin(y), tf.mul(0.3, y));
      for (const dtype of ['float64', 'float32'] as const) {
        const of = compile(rotate, { example, dtype }).field();
        for (let n = 0; n < 2; n++) {
          expectSame(solveTwice(of, Float64Array.from(example), [0, 5], { solver: dopri5, saveAt: [0, 1, 2, 5] }));
          const options = { solver: dopri5, rtol: 1e-6, atol: 1e-6 };
          expect(relativeError(...gradients(of, Float64Array.from(example), options))).toBeLessThan(
            dtype === 'float64' ? 1e-13 : 1e-5,
          );
        }
      }
    },
  );
});

/** Cotangents of y0 and the parameters, walked inside and outside. */
function gradients(
  of: ArrayField,
  start: Float64Array,
  options: SolveOptions<Float64Array>,
  ts: readonly number[] = [0, 1, 1.5, 2, 4.9, 5],
): [number[], number[]] {
  const both = [of, stepByStep(of)].map((either) => {
    const recording = runSync(
      aca.record({
        field: either,
        space: float64Space,
        y0: start,
        ts,
        options,
        wantTimes: true,
        warn: (message) => expect.unreachable(message),
      }),
    );
    const cotangents = recording.ys.map((y, n) =>
      n % 3 === 2 ? undefined : y.map((value, i) => value * Math.sin(n + i)),
    );
    const back = runSync(recording.pullback(cotangents));
    return [...back.y0, ...back.parameters, ...(back.ts as number[])];
  });
  return both as [number[], number[]];
}

describe('the walk back inside WebAssembly gives the cotangents of the walk outside', () => {
  const lotkaVolterra = (_t: tf.Scalar, y: tf.Tensor1D, p: tf.Tensor1D) => {
    const [x, v] = tf.unstack(y) as [tf.Scalar, tf.Scalar];
    const [a, b, c, d] = tf.unstack(p) as [tf.Scalar, tf.Scalar, tf.Scalar, tf.Scalar];
    return tf.stack([tf.sub(tf.mul(a, x), tf.mul(tf.mul(b, x), v)), tf.sub(tf.mul(tf.mul(d, x), v), tf.mul(c, v))]);
  };
  const of = compile(lotkaVolterra, { example: [1, 1], args: tf.tensor1d([1.5, 1, 3, 1]) }).field();
  const start = Float64Array.of(1, 1);

  test.each(all)('of $name', (tableau) => {
    const solver = explicitRungeKutta(tableau);
    const steps = tableau.bError ? { rtol: 1e-4, atol: 1e-6 } : { stepSize: 0.07 };
    // The sums of verner65's large weights cancel.
    const weights = tableau.b.reduce((sum, weight) => sum + Math.abs(weight), 0);
    for (const ts of [[0, 1, 1.5, 2, 4.9, 5], [0, 5], [5, 4.9, 3, 0], times]) {
      expect(relativeError(...gradients(of, start, { solver, ...steps }, ts))).toBeLessThan(1e-12 * weights);
    }
  });

  test('without a cotangent', () => {
    const solver = explicitRungeKutta(tableaux.dopri5);
    const recording = runSync(
      aca.record({
        field: of,
        space: float64Space,
        y0: start,
        ts: [0, 1],
        options: { solver },
        wantTimes: false,
        warn() {},
      }),
    );
    const back = runSync(recording.pullback([Float64Array.of(2, 3), undefined]));
    expect([...back.y0]).toEqual([2, 3]);
    expect([...back.parameters]).toEqual([0, 0, 0, 0]);
  });
});

test('a field on plain arrays has no loop of its own', () => {
  expect(arrayField(() => [0], { size: 1 }).stepper).toBeUndefined();
});
