import * as tf from '@tensorflow/tfjs-core';
import { between, type Input, type Operation, positive, real } from '../operation.ts';

const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;

type Unary = readonly [
  name: string,
  f: (x: tf.Tensor) => tf.Tensor,
  exact: (x: number) => number,
  input?: (...shape: number[]) => Input,
];

const inner = (...shape: number[]) => between(-0.85, 0.85, ...shape);
const aboveOne = (...shape: number[]) => between(1.2, 3, ...shape);

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.log1p(Math.exp(x));

const smooth: readonly Unary[] = [
  ['acos', tf.acos, Math.acos, inner],
  ['acosh', tf.acosh, Math.acosh, aboveOne],
  ['asin', tf.asin, Math.asin, inner],
  ['asinh', tf.asinh, Math.asinh],
  ['atan', tf.atan, Math.atan],
  ['atanh', tf.atanh, Math.atanh, inner],
  ['cos', tf.cos, Math.cos],
  ['cosh', tf.cosh, Math.cosh],
  ['elu', tf.elu, (x) => (x > 0 ? x : Math.expm1(x))],
  ['erf', tf.erf, erf],
  ['exp', tf.exp, Math.exp],
  ['expm1', tf.expm1, Math.expm1],
  ['log', tf.log, Math.log, positive],
  ['log1p', tf.log1p, Math.log1p, positive],
  ['logSigmoid', tf.logSigmoid, (x) => -softplus(-x)],
  ['neg', tf.neg, (x) => -x],
  ['reciprocal', tf.reciprocal, (x) => 1 / x, positive],
  ['rsqrt', tf.rsqrt, (x) => 1 / Math.sqrt(x), positive],
  ['selu', tf.selu, (x) => seluScale * (x > 0 ? x : seluAlpha * Math.expm1(x))],
  ['sigmoid', tf.sigmoid, sigmoid],
  ['sin', tf.sin, Math.sin],
  ['sinh', tf.sinh, Math.sinh],
  ['softplus', tf.softplus, softplus],
  ['sqrt', tf.sqrt, Math.sqrt, positive],
  ['square', tf.square, (x) => x * x],
  ['tan', tf.tan, Math.tan, inner],
  ['tanh', tf.tanh, Math.tanh],
];

const kinked: readonly Unary[] = [
  ['abs', tf.abs, Math.abs],
  ['clipByValue', (x) => tf.clipByValue(x, -1, 0.5), (x) => Math.min(Math.max(x, -1), 0.5)],
  ['leakyRelu', (x) => tf.leakyRelu(x, 0.1), (x) => (x > 0 ? x : 0.1 * x)],
  ['prelu, one alpha', (x) => tf.prelu(x, tf.scalar(0.2)), (x) => (x > 0 ? x : 0.2 * x)],
  ['relu', tf.relu, (x) => Math.max(x, 0)],
  ['relu6', (x) => tf.relu6(tf.mul(x, 4)), (x) => Math.min(Math.max(4 * x, 0), 6)],
  ['ceil', tf.ceil, Math.ceil],
  ['floor', tf.floor, Math.floor],
  ['round', tf.round, Math.round],
  ['sign', tf.sign, Math.sign],
  ['step', (x) => tf.step(x, 0.5), (x) => (x > 0 ? 1 : 0.5)],
  ['cast to int32 and back', (x) => tf.cast(tf.cast(x, 'int32'), 'float32'), Math.trunc],
];

const activations: readonly Unary[] = [
  ['silu', (x) => tf.mul(x, tf.sigmoid(x)), (x) => x * sigmoid(x)],
  ['gelu by erf', geluByErf, (x) => 0.5 * x * (1 + erf(x / Math.SQRT2))],
  ['gelu by tanh', geluByTanh, (x) => 0.5 * x * (1 + Math.tanh(0.7978845608 * (x + 0.044715 * x ** 3)))],
  ['mish', (x) => tf.mul(x, tf.tanh(tf.softplus(x))), (x) => x * Math.tanh(softplus(x))],
  ['softsign', (x) => tf.div(x, tf.add(tf.abs(x), 1)), (x) => x / (Math.abs(x) + 1)],
  ['hardSigmoid', (x) => tf.clipByValue(tf.add(tf.mul(x, 0.4), 0.5), 0, 1), hardSigmoid],
];

function geluByErf(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1));
}

function geluByTanh(x: tf.Tensor): tf.Tensor {
  const cubic = tf.add(x, tf.mul(tf.pow(x, tf.scalar(3)), 0.044715));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(tf.mul(cubic, 0.7978845608)), 1));
}

function hardSigmoid(x: number): number {
  return Math.min(Math.max(0.4 * x + 0.5, 0), 1);
}

/** The Maclaurin series: exact to doubles for |x| < 3. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 60; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

// What backends compute by vectors, threads and approximations of their own.
const large = ['tanh', 'sigmoid', 'exp', 'log', 'softplus', 'sin', 'elu', 'relu'];

/**
 * Functions of one tensor, component by component: of a few, of one, of enough to fill vectors and leave a rest, and some
 * of many.
 */
export const elementwise: readonly Operation[] = [...smooth, ...kinked, ...activations].flatMap(
  ([name, f, exact, input = real]) =>
    [[2, 3], [], [37], ...(large.includes(name) ? [[67, 129]] : [])].map((shape) => ({
      name: `${name} of [${shape}]`,
      inputs: [input(...shape)],
      f: (x: tf.Tensor) => f(x),
      exact: (x: readonly number[]) => x.map(exact),
    })),
);
