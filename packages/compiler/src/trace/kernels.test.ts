import '@tensorflow/tfjs-backend-cpu';
import { completeGradients } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { interpret } from '../graph/interpret.ts';
import { randomNumbers } from '../graph/random-program.ts';
import { simplify } from '../graph/simplify.ts';
import { numbersOf } from './fixtures.ts';
import { kernels } from './kernels/kernels.ts';
import { trace } from './trace.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
  completeGradients();
});

type Op = (...xs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];

/** An operation on tensors of given shapes, scaled and shifted into its domain. */
interface Case {
  readonly op: Op;
  readonly shapes: number[][];
  readonly scale?: number;
  readonly shift?: number;
  /** Whether it has a gradient; default true. */
  readonly gradient?: boolean;
}

/** Makes any result a float32 tensor, and a list one of them, so that each element counts differently. */
function joined(result: tf.Tensor | tf.Tensor[]): tf.Tensor {
  const list = Array.isArray(result) ? result : [result];
  const flat = list.map((one) => tf.reshape(tf.cast(one, 'float32'), [-1]));
  return flat.length === 1 ? (flat[0] as tf.Tensor) : tf.concat(flat);
}

function check({ op, shapes, scale = 1, shift = 0, gradient = true }: Case, seed = 1): void {
  tf.tidy(() => {
    const xs = shapes.map((shape, n) => tf.add(tf.mul(numbersOf(shape, seed + n), scale), shift));
    const expected = joined(op(...xs));
    // The state is the result's shape; what goes in are arguments.
    const traced = trace((_t: tf.Tensor, _y: tf.Tensor, args: tf.Tensor[]) => joined(op(...args)), {
      y: tf.zerosLike(expected),
      args: xs,
    });
    const parameters = xs.map((x) => x.dataSync());
    const inputs = { t: 0, y: [new Float64Array(expected.size)], parameters };
    for (const program of [traced.slope, simplify(traced.slope)]) {
      expectClose(interpret(program, inputs).slope[0] as Float64Array, expected.dataSync());
    }
    if (!gradient) return;
    const dy = numbersOf(expected.shape, seed + 77);
    const grads = tf.grads((...args) => joined(op(...args)))(xs, dy);
    const backward = { ...inputs, cotangent: [dy.dataSync()] };
    for (const program of [traced.vjp(), simplify(traced.vjp())]) {
      const actual = interpret(program, backward).parameters;
      grads.forEach((grad, n) => {
        expectClose(actual[n] as Float64Array, grad.dataSync());
      });
    }
  });
}

function expectClose(actual: Float64Array, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, n) => {
    const due = expected[n] as number;
    if (Object.is(value, due) || value === due) return;
    const error = Math.abs(value - due) / Math.max(1, Math.abs(due));
    expect(error, `element ${n}: ${value} where ${due} is due`).toBeLessThan(3e-5);
  });
}

const m = [3, 4];
const ofOne = (op: (x: tf.Tensor) => tf.Tensor, more: Partial<Case> = {}): Case => ({
  op: op as Op,
  shapes: [m],
  scale: 3,
  ...more,
});
const ofTwo = (op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, more: Partial<Case> = {}): Case => ({
  op: op as Op,
  shapes: [m, m],
  ...more,
});
const flat = { gradient: false } as const;

const cases: Readonly<Record<string, Case>> = {
  abs: ofOne(tf.abs),
  acos: ofOne(tf.acos, { scale: 0.9 }),
  acosh: ofOne(tf.acosh, { shift: 5 }),
  'acosh of a large number': ofOne(tf.acosh, { scale: 1e9, shift: 3e9 }),
  asin: ofOne(tf.asin, { scale: 0.9 }),
  asinh: ofOne(tf.asinh),
  'asinh of a large number': ofOne(tf.asinh, { scale: 1e9 }),
  atan: ofOne(tf.atan),
  atanh: ofOne(tf.atanh, { scale: 0.9 }),
  ceil: ofOne(tf.ceil),
  clipByValue: ofOne((x) => tf.clipByValue(x, -1, 1.5)),
  cos: ofOne(tf.cos),
  cosh: ofOne(tf.cosh),
  elu: ofOne(tf.elu),
  erf: ofOne(tf.erf),
  exp: ofOne(tf.exp),
  expm1: ofOne(tf.expm1),
  floor: ofOne(tf.floor),
  isFinite: ofOne((x) => tf.isFinite(tf.div(1, tf.relu(x))), flat),
  isInf: ofOne((x) => tf.isInf(tf.div(1, tf.relu(x))), flat),
  isNaN: ofOne((x) => tf.isNaN(tf.sqrt(x)), flat),
  leakyRelu: ofOne((x) => tf.leakyRelu(x, 0.3)),
  log: ofOne(tf.log, { shift: 4 }),
  log1p: ofOne(tf.log1p, { shift: 3 }),
  neg: ofOne(tf.neg),
  reciprocal: ofOne(tf.reciprocal, { shift: 4 }),
  relu: ofOne(tf.relu),
  relu6: ofOne(tf.relu6, { scale: 9 }),
  round: ofOne(tf.round),
  rsqrt: ofOne(tf.rsqrt, { shift: 4 }),
  selu: ofOne(tf.selu),
  sigmoid: ofOne(tf.sigmoid),
  sign: ofOne(tf.sign),
  sin: ofOne(tf.sin),
  sinh: ofOne(tf.sinh),
  softplus: ofOne(tf.softplus),
  sqrt: ofOne(tf.sqrt, { shift: 4 }),
  square: ofOne(tf.square),
  step: ofOne((x) => tf.step(x, 0.2)),
  tan: ofOne(tf.tan, { scale: 1.2 }),
  tanh: ofOne(tf.tanh),
  onesLike: ofOne((x) => tf.mul(x, tf.onesLike(x))),
  zerosLike: ofOne((x) => tf.add(x, tf.zerosLike(x))),
  clone: ofOne((x) => x.clone()),
  'cast to int32': ofOne((x) => tf.cast(tf.cast(x, 'int32'), 'float32'), flat),
  'cast to bool': ofOne((x) => tf.cast(tf.cast(tf.relu(x), 'bool'), 'float32'), flat),
  logicalNot: ofOne((x) => tf.logicalNot(tf.greater(x, 0)), flat),

  add: ofTwo(tf.add),
  'add, broadcast': ofTwo(tf.add, {
    shapes: [
      [2, 1, 3],
      [4, 1],
    ],
  }),
  sub: ofTwo(tf.sub),
  mul: ofTwo(tf.mul),
  'mul by a number': ofOne((x) => tf.mul(x, 0.1)),
  div: ofTwo(tf.div, { shift: 2 }),
  divNoNan: ofTwo(tf.divNoNan, { shift: 2, gradient: false }),
  floorDiv: ofTwo(tf.floorDiv, { shift: 2, gradient: false }),
  mod: ofTwo(tf.mod, { gradient: false }),
  pow: ofTwo(tf.pow, { shift: 1.5 }),
  'pow of a number': ofOne((x) => tf.pow(x, 3)),
  maximum: ofTwo(tf.maximum),
  minimum: ofTwo(tf.minimum),
  atan2: ofTwo(tf.atan2),
  squaredDifference: ofTwo(tf.squaredDifference),
  equal: ofTwo((a, b) => tf.equal(tf.round(a), tf.round(b)), flat),
  notEqual: ofTwo((a, b) => tf.notEqual(tf.round(a), tf.round(b)), flat),
  greater: ofTwo(tf.greater, flat),
  greaterEqual: ofTwo(tf.greaterEqual, flat),
  less: ofTwo(tf.less, flat),
  lessEqual: ofTwo(tf.lessEqual, flat),
  logicalAnd: ofTwo((a, b) => tf.logicalAnd(tf.greater(a, 0), tf.greater(b, 0)), flat),
  logicalOr: ofTwo((a, b) => tf.logicalOr(tf.greater(a, 0), tf.greater(b, 0)), flat),
  logicalXor: ofTwo((a, b) => tf.logicalXor(tf.greater(a, 0), tf.greater(b, 0)), flat),
  where: ofTwo((a, b) => tf.where(tf.greater(a, b), tf.sin(a), tf.mul(b, 2))),
  prelu: ofTwo(tf.prelu),
  addN: { op: (...xs) => tf.addN(xs), shapes: [m, m, m] },

  matMul: {
    op: (a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor),
    shapes: [
      [2, 3],
      [3, 4],
    ],
  },
  'matMul, transposed': {
    op: (a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor, true, true),
    shapes: [
      [3, 2],
      [4, 3],
    ],
  },
  'matMul, batches': {
    op: (a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor),
    shapes: [
      [5, 2, 3],
      [3, 4],
    ],
  },
  'matMul, an outer product': {
    op: (a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor),
    shapes: [
      [4, 1],
      [1, 3],
    ],
  },
  dot: { op: (a, b) => tf.dot(a as tf.Tensor, b as tf.Tensor), shapes: [[3], [3, 2]] },
  outerProduct: { op: (a, b) => tf.outerProduct(a as tf.Tensor1D, b as tf.Tensor1D), shapes: [[3], [2]] },
  ...Object.fromEntries(
    (['linear', 'relu', 'relu6', 'elu', 'leakyrelu', 'sigmoid'] as const).map((activation) => [
      `fused matMul, ${activation}`,
      {
        op: (a: tf.Tensor, b: tf.Tensor, bias: tf.Tensor) =>
          tf.fused.matMul({ a, b, bias, activation, leakyreluAlpha: 0.1 }),
        shapes: [[2, 3], [3, 4], [4]],
        gradient: ['linear', 'relu', 'elu', 'sigmoid'].includes(activation),
      } as Case,
    ]),
  ),
  'fused matMul, prelu': {
    op: (a, b, w) =>
      tf.fused.matMul({
        a: a as tf.Tensor,
        b: b as tf.Tensor,
        activation: 'prelu',
        preluActivationWeights: w as tf.Tensor,
      }),
    shapes: [[2, 3], [3, 4], [4]],
    ...flat,
  },
  'einsum, a product': {
    op: (a, b) => tf.einsum('ij,jk->ki', a as tf.Tensor, b as tf.Tensor),
    shapes: [
      [2, 3],
      [3, 4],
    ],
    ...flat,
  },
  'einsum, batches': {
    op: (a, b) => tf.einsum('bij,bkj->bik', a as tf.Tensor, b as tf.Tensor),
    shapes: [
      [2, 3, 4],
      [2, 5, 4],
    ],
    ...flat,
  },
  'einsum, one operand': { op: (a) => tf.einsum('ijk->kj', a as tf.Tensor), shapes: [[2, 3, 4]], ...flat },
  'einsum, a vector': {
    op: (a, b) => tf.einsum('ij,j->i', a as tf.Tensor, b as tf.Tensor),
    shapes: [[2, 3], [3]],
    ...flat,
  },
  'einsum, elementwise': {
    op: (a, b) => tf.einsum('ij,ij->ij', a as tf.Tensor, b as tf.Tensor),
    shapes: [m, m],
    ...flat,
  },

  sum: ofOne((x) => tf.sum(x)),
  'sum over axes': { op: (x) => tf.sum(x as tf.Tensor, [0, -1], true), shapes: [[2, 3, 4]] },
  'sum of truth values': ofOne((x) => tf.sum(tf.greater(x, 0), 0), flat),
  mean: ofOne((x) => tf.mean(x, 1)),
  max: ofOne((x) => tf.max(x, 1)),
  min: ofOne((x) => tf.min(x, 0, true)),
  prod: ofOne((x) => tf.prod(x, 1)),
  all: ofOne((x) => tf.all(tf.greater(x, -2), 0), flat),
  any: ofOne((x) => tf.any(tf.greater(x, 2), 1), flat),
  softmax: ofOne((x) => tf.softmax(x)),
  logSoftmax: ofOne((x) => tf.logSoftmax(x)),
  logSumExp: ofOne((x) => tf.logSumExp(x, 1)),
  norm: ofOne((x) => tf.norm(x, 2, 0)),
  cumsum: { op: (x) => tf.cumsum(x as tf.Tensor, 1, true, true), shapes: [[2, 3, 2]] },
  'cumsum, plain': ofOne((x) => tf.cumsum(x, 1)),
  cumprod: ofOne((x) => tf.cumprod(x, 1, true), flat),
  'batch norm without scale and offset': {
    op: (x, mean, variance) => tf.batchNorm(x as tf.Tensor2D, mean as tf.Tensor1D, variance as tf.Tensor1D),
    shapes: [m, [4], [4]],
    shift: 2,
    ...flat,
  },
  'batch norm': {
    op: (x, mean, variance, offset, scale) =>
      tf.batchNorm(
        x as tf.Tensor2D,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
      ),
    shapes: [m, [4], [4], [4], [4]],
    shift: 2,
  },

  reshape: ofOne((x) => tf.reshape(x, [2, -1])),
  expandDims: ofOne((x) => tf.expandDims(x, -1)),
  squeeze: { op: (x) => tf.squeeze(x as tf.Tensor), shapes: [[1, 3, 1]] },
  transpose: { op: (x) => tf.transpose(x as tf.Tensor, [2, 0, 1]), shapes: [[2, 3, 4]] },
  'transpose, plain': ofOne((x) => tf.transpose(x)),
  slice: ofOne((x) => tf.slice(x, [1, 0], [2, -1])),
  'slice along the first axis': ofOne((x) => tf.slice(x, 1, 1)),
  stridedSlice: ofOne((x) => tf.stridedSlice(x, [2, 0], [0, 4], [-1, 2]), flat),
  'stridedSlice, an axis dropped': ofOne((x) => tf.stridedSlice(x, [1, 0], [2, 3], [1, 1], 0, 0, 0, 0, 1), flat),
  'stridedSlice, masks': ofOne((x) => tf.stridedSlice(x, [1, 1], [2, 3], [1, 2], 1, 2), flat),
  concat: {
    op: (...xs) => tf.concat(xs, 1),
    shapes: [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
  },
  stack: { op: (...xs) => tf.stack(xs, 1), shapes: [m, m] },
  unstack: { op: (x) => tf.unstack(x as tf.Tensor, 1), shapes: [m] },
  split: { op: (x) => tf.split(x as tf.Tensor, [1, 2, 1], 1), shapes: [m] },
  gather: ofOne((x) =>
    tf.gather(
      x,
      tf.tensor2d(
        [
          [0, 3],
          [3, 1],
        ],
        [2, 2],
        'int32',
      ),
      1,
    ),
  ),
  gatherND: ofOne((x) =>
    tf.gatherND(
      x,
      tf.tensor2d(
        [
          [0, 3],
          [2, 1],
        ],
        [2, 2],
        'int32',
      ),
    ),
  ),
  scatterND: {
    op: (x) => tf.scatterND(tf.tensor2d([[4], [1], [4]], [3, 1], 'int32'), x as tf.Tensor, [6, 4]),
    shapes: [m],
  },
  unsortedSegmentSum: {
    op: (x) => tf.unsortedSegmentSum(x as tf.Tensor2D, tf.tensor1d([1, 0, 1], 'int32'), 2),
    shapes: [m],
    ...flat,
  },
  pad: ofOne((x) =>
    tf.pad(
      x,
      [
        [1, 0],
        [2, 3],
      ],
      0.5,
    ),
  ),
  mirrorPad: {
    op: (x) =>
      tf.mirrorPad(
        x as tf.Tensor,
        [
          [1, 2],
          [3, 0],
        ],
        'reflect',
      ),
    shapes: [m],
    ...flat,
  },
  'mirrorPad, symmetric': {
    op: (x) =>
      tf.mirrorPad(
        x as tf.Tensor,
        [
          [1, 2],
          [0, 4],
        ],
        'symmetric',
      ),
    shapes: [m],
    ...flat,
  },
  tile: ofOne((x) => tf.tile(x, [2, 3])),
  broadcastTo: { op: (x) => tf.broadcastTo(x as tf.Tensor, [2, 3, 4]), shapes: [[3, 1]] },
  reverse: ofOne((x) => tf.reverse(x, [0, 1])),
  fill: ofOne((x) => tf.add(x, tf.fill([3, 4], 0.3))),
  range: ofOne((x) => tf.add(x, tf.range(1, 5))),
  'range downwards': ofOne((x) => tf.add(x, tf.range(4, 0, -1))),
  linspace: ofOne((x) => tf.mul(x, tf.linspace(0, 1, 4))),
  eye: ofOne((x) => tf.matMul(x, tf.eye(4))),
  oneHot: ofOne((x) => tf.mul(x, tf.oneHot(tf.tensor1d([1, 0, 3], 'int32'), 4, 2, -1))),
  searchSorted: ofOne((x) => tf.searchSorted([-2, -1, 0.5, 2], tf.reshape(x, [12]), 'right'), flat),
  'lower bound': ofOne((x) => tf.lowerBound([-2, -1, 0.5, 2], tf.reshape(x, [12])), flat),
};

describe('a kernel traced and interpreted is the kernel', () => {
  test.each(Object.keys(cases))('%s', (name) => {
    check(cases[name] as Case);
  });
});

test('every kernel is met by a case', () => {
  const met = new Set<string>();
  const engine = tf.engine() as unknown as { runKernelFunc(params: { kernelName?: string }): unknown };
  const original = engine.runKernelFunc;
  engine.runKernelFunc = function (params) {
    if (params.kernelName) met.add(params.kernelName);
    return original.call(this, params);
  };
  try {
    for (const one of Object.values(cases)) check(one);
  } finally {
    Reflect.deleteProperty(engine, 'runKernelFunc');
  }
  // tf.broadcastTo runs Tile; the other two are made of other operations on this backend.
  const missing = Object.keys(kernels).filter((name) => !met.has(name));
  expect(missing).toEqual(['LogicalXor', 'LogSoftmax', 'BroadcastTo']);
});

test('any shapes that broadcast', () => {
  const random = randomNumbers(5);
  const below = (count: number) => Math.floor(random() * count);
  for (let n = 0; n < 60; n++) {
    const shape = Array.from({ length: below(4) }, () => 1 + below(3));
    const shapes = [0, 1].map(() => shape.slice(below(shape.length + 1)).map((size) => (below(3) === 0 ? 1 : size)));
    const op = [tf.add, tf.mul, tf.maximum, tf.squaredDifference][below(4)] as Op;
    const axis = shape.length > 0 ? below(Math.max(...shapes.map((one) => one.length), 1)) : undefined;
    const reduced: Op = (a, b) => {
      const result = op(a as tf.Tensor, b as tf.Tensor) as tf.Tensor;
      return axis === undefined || result.rank === 0 ? result : tf.sum(result, axis);
    };
    check({ op: reduced, shapes }, n);
  }
});
