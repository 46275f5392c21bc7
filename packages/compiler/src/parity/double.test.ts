import '@tensorflow/tfjs-backend-cpu';
import { relativeError } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { compile } from '../compile.ts';
import { erf } from '../graph/functions.ts';
import { around, type Domain, nonZero } from './sample.ts';

await tf.setBackend('cpu');

// Eager tfjs has seven digits; these have all.
const { SELU_SCALE, SELU_SCALEALPHA } = tf.backend_util;
const functions: Readonly<Record<string, [(x: tf.Tensor) => tf.Tensor, (x: number) => number, Domain]>> = {
  acos: [tf.acos, Math.acos, around(0, 0.99)],
  acosh: [tf.acosh, Math.acosh, around(5, 3.9)],
  asin: [tf.asin, Math.asin, around(0, 0.99)],
  asinh: [tf.asinh, Math.asinh, around(0, 5)],
  atan: [tf.atan, Math.atan, around(0, 5)],
  atanh: [tf.atanh, Math.atanh, around(0, 0.99)],
  cos: [tf.cos, Math.cos, around(0, 20)],
  cosh: [tf.cosh, Math.cosh, around(0, 5)],
  elu: [tf.elu, (x) => (x < 0 ? Math.expm1(x) : x), nonZero()],
  erf: [tf.erf, erf, around(0, 3)],
  exp: [tf.exp, Math.exp, around(0, 10)],
  expm1: [tf.expm1, Math.expm1, around(0, 3)],
  'leakyRelu of 0.3': [(x) => tf.leakyRelu(x, 0.3), (x) => (x < 0 ? 0.3 * x : x), nonZero()],
  log: [tf.log, Math.log, around(5, 4.99)],
  log1p: [tf.log1p, Math.log1p, around(2, 2.9)],
  'pow of 1.7': [(x) => tf.pow(x, 1.7), (x) => x ** 1.7, around(2, 1.9)],
  rsqrt: [tf.rsqrt, (x) => 1 / Math.sqrt(x), around(3, 2.9)],
  selu: [tf.selu, (x) => (x < 0 ? SELU_SCALEALPHA * Math.expm1(x) : SELU_SCALE * x), nonZero()],
  sigmoid: [tf.sigmoid, (x) => 1 / (1 + Math.exp(-x)), around(0, 8)],
  sin: [tf.sin, Math.sin, around(0, 20)],
  sinh: [tf.sinh, Math.sinh, around(0, 5)],
  softplus: [tf.softplus, (x) => Math.log1p(Math.exp(x)), around(0, 8)],
  sqrt: [tf.sqrt, Math.sqrt, around(3, 2.9)],
  tan: [tf.tan, Math.tan, around(0, 1.5)],
  tanh: [tf.tanh, Math.tanh, around(0, 4)],
};

test.each(Object.entries(functions))('%s has all digits of a double', (_name, [op, expected, domain]) => {
  const points = Array.from({ length: 201 }, (_, n) => domain((n - 100) / 100));
  const f = compile((_t: tf.Scalar, y: tf.Tensor) => op(y), { example: points });
  const values = f.field().evaluate(0, Float64Array.from(points));
  points.forEach((x, n) => {
    expect(relativeError([values[n]!], [expected(x)]), `at ${x}`).toBeLessThan(4e-15);
  });
});
