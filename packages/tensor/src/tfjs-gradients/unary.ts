import * as tf from '@tensorflow/tfjs-core';
import { gradientIsRecorded } from '../engine.ts';
import type { Attributes, Gradient } from './gradient.ts';

type Slope = (dy: tf.Tensor, x: tf.Tensor, attributes: Attributes) => tf.Tensor;
type SlopeOfOutput = (dy: tf.Tensor, y: tf.Tensor, x: tf.Tensor) => tf.Tensor;

const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;

const ofInput: Record<string, Slope> = {
  Abs: (dy, x) => tf.mul(dy, tf.sign(x)),
  Acos: (dy, x) => tf.neg(tf.div(dy, tf.sqrt(tf.sub(1, tf.square(x))))),
  Acosh: (dy, x) => tf.div(dy, tf.sqrt(tf.sub(tf.square(x), 1))),
  Asin: (dy, x) => tf.div(dy, tf.sqrt(tf.sub(1, tf.square(x)))),
  Asinh: (dy, x) => tf.div(dy, tf.sqrt(tf.add(tf.square(x), 1))),
  Atan: (dy, x) => tf.div(dy, tf.add(tf.square(x), 1)),
  Atanh: (dy, x) => tf.div(dy, tf.sub(1, tf.square(x))),
  ClipByValue: (dy, x, { clipValueMin, clipValueMax }) =>
    tf.where(tf.logicalAnd(tf.greaterEqual(x, clipValueMin), tf.lessEqual(x, clipValueMax)), dy, tf.zerosLike(dy)),
  Cos: (dy, x) => tf.neg(tf.mul(dy, tf.sin(x))),
  Cosh: (dy, x) => tf.mul(dy, tf.sinh(x)),
  Erf: (dy, x) => tf.mul(dy, tf.mul(tf.exp(tf.neg(tf.square(x))), 2 / Math.sqrt(Math.PI))),
  LeakyRelu: (dy, x, { alpha }) => tf.where(tf.greater(x, 0), dy, tf.mul(dy, alpha)),
  Log: (dy, x) => tf.div(dy, x),
  Log1p: (dy, x) => tf.div(dy, tf.add(x, 1)),
  Neg: (dy) => tf.neg(dy),
  Relu: (dy, x) => tf.mul(dy, tf.step(x)),
  Relu6: (dy, x) => tf.mul(dy, tf.mul(tf.step(x), tf.step(tf.sub(6, x)))),
  Selu: (dy, x) =>
    tf.where(tf.greater(x, 0), tf.mul(dy, seluScale), tf.mul(dy, tf.mul(tf.exp(x), seluScale * seluAlpha))),
  Sin: (dy, x) => tf.mul(dy, tf.cos(x)),
  Sinh: (dy, x) => tf.mul(dy, tf.cosh(x)),
  Softplus: (dy, x) => tf.mul(dy, tf.sigmoid(x)),
  Square: (dy, x) => tf.mul(dy, tf.mul(x, 2)),
};

const ofOutput: Record<string, { readonly op: (x: tf.Tensor) => tf.Tensor; readonly slope: SlopeOfOutput }> = {
  Elu: { op: tf.elu, slope: (dy, y, x) => tf.where(tf.greater(x, 0), dy, tf.mul(dy, tf.add(y, 1))) },
  Exp: { op: tf.exp, slope: (dy, y) => tf.mul(dy, y) },
  Expm1: { op: tf.expm1, slope: (dy, y) => tf.mul(dy, tf.add(y, 1)) },
  Reciprocal: { op: tf.reciprocal, slope: (dy, y) => tf.neg(tf.mul(dy, tf.square(y))) },
  Rsqrt: { op: tf.rsqrt, slope: (dy, y) => tf.mul(tf.mul(dy, -0.5), tf.mul(y, tf.square(y))) },
  Sigmoid: { op: tf.sigmoid, slope: (dy, y) => tf.mul(dy, tf.sub(y, tf.square(y))) },
  Sqrt: { op: tf.sqrt, slope: (dy, y) => tf.div(tf.mul(dy, 0.5), y) },
  Tan: { op: tf.tan, slope: (dy, y) => tf.add(dy, tf.mul(dy, tf.square(y))) },
  Tanh: { op: tf.tanh, slope: (dy, y) => tf.sub(dy, tf.mul(dy, tf.square(y))) },
};

/** Elementwise functions of one tensor. */
export const unary: readonly Gradient[] = [
  ...Object.entries(ofInput).map(
    ([kernelName, slope]): Gradient => ({
      kernelName,
      inputsToSave: ['x'],
      gradFunc: (dy, [x], attributes) => ({ x: () => slope(dy, x as tf.Tensor, attributes) }),
    }),
  ),
  ...Object.entries(ofOutput).map(
    ([kernelName, { op, slope }]): Gradient => ({
      kernelName,
      replaces: true,
      inputsToSave: ['x'],
      outputsToSave: [true],
      gradFunc: (dy, [x, y]) => ({
        // A saved output counts as constant, so a second derivative needs it computed again.
        x: () => slope(dy, gradientIsRecorded() ? op(x as tf.Tensor) : (y as tf.Tensor), x as tf.Tensor),
      }),
    }),
  ),
];
