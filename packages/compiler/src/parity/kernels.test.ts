import '@tensorflow/tfjs-backend-cpu';
import { completeGradients } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { start } from '../emit/fixtures.ts';
import { type Expected, expectedOf } from '../fuzz/rounding.ts';
import type { SlopeProgram } from '../graph/graph.ts';
import { interpret } from '../graph/interpret.ts';
import { randomNumbers } from '../graph/random-program.ts';
import { simplify } from '../graph/simplify.ts';
import { kernels } from '../trace/kernels/kernels.ts';
import { type Trace, trace } from '../trace/trace.ts';
import { elementwiseCases } from './elementwise.ts';
import { movementCases } from './movements.ts';
import { type KernelCase, type Op, operandsOf, type Sample } from './sample.ts';
import { sumCases } from './sums.ts';

await tf.setBackend('cpu');
completeGradients();

const cases: Readonly<Record<string, KernelCase>> = { ...elementwiseCases, ...sumCases, ...movementCases };

test('every kernel has a case', () => {
  expect(Object.keys(cases).sort()).toEqual(Object.keys(kernels).sort());
});

describe.each(Object.entries(cases))('%s', (name, { samples, domain, noGradient, eagerError = 0 }) => {
  test('compiled is eager tfjs, and its gradient the derivative', () => {
    fc.assert(
      fc.property(samples, fc.nat(), (sample, seed) => check(name, sample, operandsOf(sample, domain, seed), seed)),
      { numRuns: 5 },
    );
  });

  function check(kernel: string, sample: Sample, operands: Float64Array[], seed: number): void {
    const { traced, met, result } = tracedOf(sample);
    expect(met).toContain(kernel);
    const random = randomNumbers(seed + 1);
    const cotangent = Float64Array.from({ length: result }, () => Math.fround(2 * random() - 1));
    const vjp = noGradient ? undefined : traced.vjp();
    const given = { t: 0, y: [new Float64Array(result)], parameters: operands, cotangent: vjp ? [cotangent] : [] };
    const simple = [simplify(traced.slope), vjp && simplify(vjp)] as const;
    for (const precision of ['float32', 'float64'] as const) {
      const expect = { precision, random, samples: 8 };
      const slope = expectedOf(traced.slope, given, expect).slope;
      const bars = vjp && expectedOf(vjp, given, expect).parameters;
      for (const mode of ['unrolled', 'loops'] as const) {
        const running = start(...simple, { precision, mode });
        expectNear(`${precision} ${mode}`, running.slope(given), slope);
        if (bars) expectNear(`gradient, ${precision} ${mode}`, running.vjp(given).parameters, bars);
      }
      if (precision === 'float64') continue;
      const eager = eagerOf(sample, operands, bars ? cotangent : undefined);
      expectNear('eager tfjs', eager.value, slope, eagerError);
      if (bars) expectNear('gradient of eager tfjs', eager.gradient, bars, eagerError);
    }
    if (vjp && !sample.kinked)
      expectDerivative(traced.slope, interpret(vjp, given).parameters, operands, cotangent, random);
  }
});

function expectNear(what: string, actual: ArrayLike<number>, expected: readonly Expected[], more = 0): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach(({ value, tolerance }, n) => {
    if (Object.is(actual[n], value) || actual[n] === value) return;
    expect(tolerance, `${what}, element ${n} is never compared`).toBeLessThan(0.1 * (1 + Math.abs(value)));
    const error = Math.abs((actual[n] as number) - value);
    expect(error, `${what}, element ${n}: ${actual[n]} where ${value} is due`).toBeLessThanOrEqual(tolerance + more);
  });
}

/** Makes any result a float32 tensor, and a list one of them. */
function joined(result: tf.Tensor | tf.Tensor[]): tf.Tensor {
  const flat = [result].flat().map((one) => tf.reshape(tf.cast(one, 'float32'), [-1]));
  return flat.length === 1 ? (flat[0] as tf.Tensor) : tf.concat(flat);
}

/** The operation as a field of its operands, and which kernels it runs. */
function tracedOf({ op, eager = op, shapes }: Sample): { traced: Trace; met: readonly string[]; result: number } {
  const engine = tf.engine() as unknown as { runKernelFunc(params: { kernelName?: string }): unknown };
  const original = engine.runKernelFunc;
  const met: string[] = [];
  const args = shapes.map((one) => tf.ones([...one]));
  const y = tf.tidy(() => tf.zerosLike(joined(eager(...args))));
  engine.runKernelFunc = function (params) {
    if (params.kernelName) met.push(params.kernelName);
    return original.call(this, params);
  };
  try {
    const traced = trace((_t: tf.Tensor, _y: tf.Tensor, xs: tf.Tensor[]) => joined(op(...xs)), { y, args });
    return { traced, met, result: y.size };
  } finally {
    Reflect.deleteProperty(engine, 'runKernelFunc');
    tf.dispose([y, args]);
  }
}

function eagerOf(
  { op, eager = op, shapes }: Sample,
  operands: readonly Float64Array[],
  cotangent: Float64Array | undefined,
): { value: number[]; gradient: number[] } {
  return tf.tidy(() => {
    const f: Op = (...xs) => joined(eager(...xs));
    const xs = shapes.map((one, n) => tf.tensor(Float32Array.from(operands[n] as Float64Array), [...one]));
    const value = Array.from((f(...xs) as tf.Tensor).dataSync());
    if (!cotangent) return { value, gradient: [] };
    const grads = tf.grads(f as (...xs: tf.Tensor[]) => tf.Tensor)(xs, tf.tensor1d(Float32Array.from(cotangent)));
    return { value, gradient: grads.flatMap((grad) => Array.from(grad.dataSync())) };
  });
}

/** Along a random direction for each operand, by central differences of fourth order. */
function expectDerivative(
  program: SlopeProgram,
  bars: readonly Float64Array[],
  operands: readonly Float64Array[],
  cotangent: Float64Array,
  random: () => number,
): void {
  const y = [new Float64Array(cotangent.length)];
  operands.forEach((operand, at) => {
    const direction = operand.map(() => 2 * random() - 1);
    const value = (step: number) => {
      const moved = operand.map((x, n) => x + step * (direction[n] as number));
      const [slope] = interpret(program, { t: 0, y, parameters: operands.with(at, moved) }).slope as [Float64Array];
      return slope.reduce((sum, x, n) => sum + x * (cotangent[n] as number), 0);
    };
    const h = 5e-4;
    const difference = (8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h);
    const bar = bars[at] as Float64Array;
    const due = bar.reduce((sum, x, n) => sum + x * (direction[n] as number), 0);
    const scale = bar.reduce((sum, x) => sum + Math.abs(x), 1) + Math.abs(value(0));
    expect(Math.abs(difference - due) / scale, `the derivative for operand ${at}`).toBeLessThan(1e-9);
  });
}
