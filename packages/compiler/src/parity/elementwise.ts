import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { around, broadcasting, broken, type Domain, type KernelCase, nonZero, type Op, shape } from './sample.ts';

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

const one = (op: Unary, domain?: Domain, more: Partial<KernelCase> = {}): KernelCase => ({
  samples: shape().map((x) => ({ shapes: [x], op: op as Op })),
  ...(domain ? { domain } : {}),
  ...more,
});
const two = (op: Binary, domain?: KernelCase['domain'], more: Partial<KernelCase> = {}): KernelCase => ({
  samples: broadcasting(2).map((shapes) => ({ shapes, op: op as Op })),
  ...(domain ? { domain } : {}),
  ...more,
});
const truth = { noGradient: 'of truth values' } as const;

/** One side of 0 for the first operand, any for the second: they are never equal. */
const apart = [around(3, 0.9), around(0, 2)] as const;
/** Whole numbers, which are often equal. */
const few: Domain = (u) => Math.round(2 * u);
const truths =
  (f: Binary): Binary =>
  (a, b) =>
    f(tf.greater(a, 0), tf.greater(b, 0));

const kernel = (name: string) => (a: tf.Tensor, b: tf.Tensor) =>
  tf.engine().runKernel(name, { a: tf.greater(a, 0), b: tf.greater(b, 0) }) as tf.Tensor;

/** Functions of single elements, by the kernel's name. */
export const elementwiseCases: Readonly<Record<string, KernelCase>> = {
  Abs: one(tf.abs, nonZero()),
  Acos: one(tf.acos, around(0, 0.9)),
  Acosh: one(tf.acosh, around(5, 3)),
  Asin: one(tf.asin, around(0, 0.9)),
  Asinh: one(tf.asinh, around(0, 5)),
  Atan: one(tf.atan, around(0, 5)),
  Atanh: one(tf.atanh, around(0, 0.9)),
  Ceil: one(tf.ceil, broken),
  ClipByValue: one((x) => tf.clipByValue(x, -1, 1.5), broken),
  Cos: one(tf.cos, around(0, 20)),
  Cosh: one(tf.cosh, around(0, 5)),
  Elu: one(tf.elu, nonZero()),
  // tfjs has five terms of Abramowitz & Stegun's 7.1.26.
  Erf: one(tf.erf, around(0, 3), { eagerError: 5e-7 }),
  Exp: one(tf.exp, around(0, 10)),
  Expm1: one(tf.expm1, around(0, 3)),
  Floor: one(tf.floor, broken),
  IsFinite: one((x) => tf.isFinite(tf.div(1, tf.relu(x))), nonZero(), truth),
  IsInf: one((x) => tf.isInf(tf.div(1, tf.relu(x))), nonZero(), truth),
  IsNan: one((x) => tf.isNaN(tf.sqrt(x)), nonZero(), truth),
  Identity: one((x) => tf.clone(x)),
  LeakyRelu: one((x) => tf.leakyRelu(x, 0.3), nonZero()),
  Log: one(tf.log, around(5, 4.9)),
  Log1p: one(tf.log1p, around(2, 2.9)),
  LogicalNot: one((x) => tf.logicalNot(tf.greater(x, 0)), nonZero(), truth),
  Neg: one(tf.neg),
  OnesLike: one((x) => tf.mul(x, tf.onesLike(x))),
  Reciprocal: one(tf.reciprocal, nonZero()),
  Relu: one(tf.relu, nonZero()),
  Relu6: one(tf.relu6, (u) => 3 * broken(u)),
  Round: one(tf.round, broken),
  Rsqrt: one(tf.rsqrt, around(3, 2.8)),
  Selu: one(tf.selu, nonZero()),
  Sigmoid: one(tf.sigmoid, around(0, 8)),
  Sign: one(tf.sign, nonZero()),
  Sin: one(tf.sin, around(0, 20)),
  Sinh: one(tf.sinh, around(0, 5)),
  Softplus: one(tf.softplus, around(0, 8)),
  Sqrt: one(tf.sqrt, around(3, 2.8)),
  Square: one(tf.square),
  Step: one((x) => tf.step(x, 0.2), nonZero()),
  Tan: one(tf.tan, around(0, 1.3)),
  Tanh: one(tf.tanh, around(0, 4)),
  ZerosLike: one((x) => tf.add(x, tf.zerosLike(x))),
  Cast: one((x) => tf.cast(tf.cast(x, 'int32'), 'float32'), broken, { noGradient: 'of truth values' }),

  Add: two(tf.add),
  Atan2: two(tf.atan2, [nonZero(), nonZero()]),
  FloorDiv: two(tf.floorDiv, [broken, around(7, 0.1)]),
  Maximum: two(tf.maximum, apart),
  Minimum: two(tf.minimum, apart),
  Mod: two(tf.mod, [broken, around(7, 1)]),
  Multiply: two(tf.mul),
  Pow: two(tf.pow, [around(2, 1.8), around(0, 3)]),
  RealDiv: two(tf.div, [around(0, 2), nonZero()]),
  SquaredDifference: two(tf.squaredDifference),
  Sub: two(tf.sub),
  Equal: two(tf.equal, few, truth),
  Greater: two(tf.greater, few, truth),
  GreaterEqual: two(tf.greaterEqual, few, truth),
  Less: two(tf.less, few, truth),
  LessEqual: two(tf.lessEqual, few, truth),
  NotEqual: two(tf.notEqual, few, truth),
  LogicalAnd: two(truths(tf.logicalAnd), few, truth),
  LogicalOr: two(truths(tf.logicalOr), few, truth),
  // tf.logicalXor is made of and, or, not.
  LogicalXor: {
    samples: broadcasting(2).map((shapes) => ({
      shapes,
      op: kernel('LogicalXor') as Op,
      eager: truths(tf.logicalXor) as Op,
    })),
    domain: few,
    ...truth,
  },
  AddN: {
    samples: fc.tuple(shape(), fc.integer({ min: 1, max: 4 })).map(([x, count]) => ({
      shapes: Array.from({ length: count }, () => x),
      op: (...xs) => tf.addN(xs),
    })),
  },
  Prelu: {
    samples: shape(1).map((x) => ({ shapes: [x, x.slice(-1)], op: tf.prelu as Op })),
    domain: [nonZero(), around(0, 2)],
  },
  Select: {
    samples: broadcasting(3).map((shapes) => ({
      shapes,
      op: (condition, a, b) => tf.where(tf.greater(condition as tf.Tensor, 0), a as tf.Tensor, b as tf.Tensor),
    })),
    domain: [nonZero(), around(0, 2), around(0, 2)],
  },
  FusedBatchNorm: {
    samples: shape(2, 4).map((x) => ({
      shapes: [x, ...Array.from({ length: 4 }, () => x.slice(-1))],
      op: (...xs) => tf.batchNorm(...(xs as Parameters<typeof tf.batchNorm>)),
    })),
    domain: [around(0, 2), around(0, 1), around(2, 1.8), around(0, 1), around(0, 1)],
  },
};
