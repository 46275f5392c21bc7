import { aca } from '@neural-ode/gradient-aca';
import { rk4 } from '@neural-ode/solvers';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { backends, start, tensorsLeft } from '../fixtures/backends.ts';
import { odeint } from '../index.ts';

type Op = (...xs: tf.Tensor[]) => tf.Tensor;

/** Numbers that are reproducible, spread over [low, high], and no two of them close together. */
function values(count: number, low: number, high: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, n) => {
    const place = (((n + 1) * 0.6180339887 + seed * 0.7548776662) % 1) as number;
    return low + (high - low) * place;
  });
}

function tensor(shape: number[], [low, high]: readonly [number, number], seed: number): tf.Tensor {
  return tf.tensor(values(tf.util.sizeFromShape(shape), low, high, seed), shape);
}

/** The sum of products, in double precision. */
function product(a: tf.Tensor, b: tf.Tensor): number {
  const [x, y] = [a.dataSync(), b.dataSync()];
  return Array.from(x).reduce((sum, value, n) => sum + value * (y[n] as number), 0);
}

/** Compares the derivative along one direction of all inputs with a difference quotient of fourth order. */
function checkGradient(op: Op, xs: tf.Tensor[], tolerance = 4e-3, step = 1e-2): void {
  tf.tidy(() => {
    const y = op(...xs);
    const weights = tensor(y.shape, [-1, 1], 17);
    const directions = xs.map((x, n) => tensor(x.shape, [-1, 1], 31 + n));
    const loss: Op = (...at) => tf.sum(tf.mul(op(...at), weights));
    const grads = tf.grads(loss)(xs);
    grads.forEach((grad, n) => {
      expect(grad.shape).toEqual((xs[n] as tf.Tensor).shape);
    });
    const along = (h: number) => {
      const at = xs.map((x, n) => tf.add(x, tf.mul(directions[n] as tf.Tensor, h)));
      return product(op(...at), weights);
    };
    const quotient = (8 * (along(step) - along(-step)) - (along(2 * step) - along(-2 * step))) / (12 * step);
    const exact = grads.reduce((sum, grad, n) => sum + product(grad, directions[n] as tf.Tensor), 0);
    expect(Math.abs(exact - quotient)).toBeLessThan(tolerance * Math.max(1, Math.abs(quotient)));
  });
}

const wide = [-1.9, 1.9] as const;
const positive = [0.3, 2.5] as const;
const inner = [-0.85, 0.85] as const;

const unary: [string, Op, readonly [number, number]][] = [
  ['abs', (x) => tf.abs(x), wide],
  ['acos', (x) => tf.acos(x), inner],
  ['acosh', (x) => tf.acosh(x), [1.2, 3]],
  ['asin', (x) => tf.asin(x), inner],
  ['asinh', (x) => tf.asinh(x), wide],
  ['atan', (x) => tf.atan(x), wide],
  ['atanh', (x) => tf.atanh(x), inner],
  ['clipByValue', (x) => tf.clipByValue(x, -1, 0.5), wide],
  ['cos', (x) => tf.cos(x), wide],
  ['cosh', (x) => tf.cosh(x), wide],
  ['elu', (x) => tf.elu(x), wide],
  ['erf', (x) => tf.erf(x), wide],
  ['exp', (x) => tf.exp(x), wide],
  ['expm1', (x) => tf.expm1(x), wide],
  ['leakyRelu', (x) => tf.leakyRelu(x, 0.1), wide],
  ['log', (x) => tf.log(x), positive],
  ['log1p', (x) => tf.log1p(x), positive],
  ['neg', (x) => tf.neg(x), wide],
  ['reciprocal', (x) => tf.reciprocal(x), positive],
  ['relu', (x) => tf.relu(x), wide],
  ['relu6', (x) => tf.relu6(tf.mul(x, 4)), wide],
  ['rsqrt', (x) => tf.rsqrt(x), positive],
  ['selu', (x) => tf.selu(x), wide],
  ['sigmoid', (x) => tf.sigmoid(x), wide],
  ['sin', (x) => tf.sin(x), wide],
  ['sinh', (x) => tf.sinh(x), wide],
  ['softplus', (x) => tf.softplus(x), wide],
  ['sqrt', (x) => tf.sqrt(x), positive],
  ['square', (x) => tf.square(x), wide],
  ['tan', (x) => tf.tan(x), inner],
  ['tanh', (x) => tf.tanh(x), wide],
  ['logSigmoid', (x) => tf.logSigmoid(x), wide],
  ['prelu', (x) => tf.prelu(x, tf.scalar(0.2)), wide],
];

const kinked = ['abs', 'clipByValue', 'leakyRelu', 'neg', 'relu', 'relu6', 'prelu', 'selu'];

const binary: [string, Op, readonly [number, number], readonly [number, number]][] = [
  ['add', (a, b) => tf.add(a as tf.Tensor, b as tf.Tensor), wide, wide],
  ['sub', (a, b) => tf.sub(a as tf.Tensor, b as tf.Tensor), wide, wide],
  ['mul', (a, b) => tf.mul(a as tf.Tensor, b as tf.Tensor), wide, wide],
  ['div', (a, b) => tf.div(a as tf.Tensor, b as tf.Tensor), wide, positive],
  ['pow', (a, b) => tf.pow(a as tf.Tensor, b as tf.Tensor), positive, wide],
  // Ranges that do not meet, so that no difference quotient steps over a tie.
  ['maximum', (a, b) => tf.maximum(a as tf.Tensor, b as tf.Tensor), [0.5, 1], [-1, 0.4]],
  ['minimum', (a, b) => tf.minimum(a as tf.Tensor, b as tf.Tensor), [0.5, 1], [-1, 0.4]],
  ['squaredDifference', (a, b) => tf.squaredDifference(a as tf.Tensor, b as tf.Tensor), wide, wide],
  ['atan2', (a, b) => tf.atan2(a as tf.Tensor, b as tf.Tensor), wide, positive],
  ['prelu', (a, b) => tf.prelu(a as tf.Tensor, b as tf.Tensor), [-2, -0.5], positive],
];

/** Two shapes that broadcast. */
const broadcastShapes = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom('both', 'first', 'second')), { maxLength: 3 })
  .chain((axes) =>
    fc.integer({ min: 0, max: axes.length }).map((drop) => ({
      a: axes.map(([size, who]) => (who === 'second' ? 1 : size)),
      b: axes.map(([size, who]) => (who === 'first' ? 1 : size)).slice(drop),
    })),
  );

const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });

describe.each(backends)('%s', (backend) => {
  beforeAll(() => start(backend));

  test.each(unary)('%s', (_, op, range) => {
    checkGradient(op, [tensor([2, 3], range, 1)]);
    checkGradient(op, [tensor([], range, 2)]);
  });

  test.each(unary.filter(([name]) => !kinked.includes(name)))('%s, second derivative', (_, op, range) => {
    const slope = tf.grad((x) => tf.sum(op(x)));
    const x = tensor([5], range, 3);
    checkGradient((at) => slope(at as tf.Tensor), [x], 2e-2);
  });

  test.each(binary)('%s, broadcast', (name, op, rangeA, rangeB) => {
    fc.assert(
      fc.property(broadcastShapes, ({ a, b }) => {
        // tfjs's wasm kernel broadcasts no alpha but a scalar one (forwards).
        if (name === 'prelu') b = a;
        checkGradient(op, [tensor(a, rangeA, 4), tensor(b, rangeB, 5)]);
        if (name !== 'prelu') checkGradient(op, [tensor(b, rangeA, 6), tensor(a, rangeB, 7)]);
      }),
      { numRuns: 15 },
    );
  });

  test.each([
    ['sum', (x: tf.Tensor, axis: number[], keep: boolean) => tf.sum(x, axis, keep)],
    ['mean', (x: tf.Tensor, axis: number[], keep: boolean) => tf.mean(x, axis, keep)],
    ['max', (x: tf.Tensor, axis: number[], keep: boolean) => tf.max(x, axis, keep)],
    ['min', (x: tf.Tensor, axis: number[], keep: boolean) => tf.min(x, axis, keep)],
    ['prod', (x: tf.Tensor, axis: number[], keep: boolean) => tf.prod(x, axis, keep)],
    ['logSumExp', (x: tf.Tensor, axis: number[], keep: boolean) => tf.logSumExp(x, axis, keep)],
    ['norm', (x: tf.Tensor, axis: number[], keep: boolean) => tf.norm(x, 2, axis.slice(0, 1), keep)],
  ] as const)('%s over any axes', (_, reduce) => {
    fc.assert(
      fc.property(shape, fc.boolean(), fc.infiniteStream(fc.boolean()), (dims, keep, picks) => {
        const chosen = dims.map((_, n) => n).filter(() => picks.next().value);
        const axis = chosen.length > 0 ? chosen : [0];
        // Spread wide, so that no difference quotient changes who is the largest.
        checkGradient((x) => reduce(x as tf.Tensor, axis, keep), [tensor(dims, [-4, 4], 8)], 8e-3, 2e-3);
      }),
      { numRuns: 12 },
    );
  });

  test.each([
    ['cumsum', (x: tf.Tensor, axis: number, a: boolean, b: boolean) => tf.cumsum(x, axis, a, b)],
    ['cumprod', (x: tf.Tensor, axis: number, a: boolean, b: boolean) => tf.cumprod(x, axis, a, b)],
    [
      'stridedSlice',
      (x: tf.Tensor) =>
        tf.stridedSlice(
          tf.concat([x, x, x], 0),
          x.shape.map((_, n) => (n === 0 ? -1 : 0)),
          x.shape.map((size, n) => (n === 0 ? 0 : size)),
          x.shape.map((_, n) => (n === 0 ? -2 : 1)),
        ),
    ],
    [
      'mirrorPad',
      (x: tf.Tensor) =>
        tf.mirrorPad(
          x,
          x.shape.map(() => [1, 1] as [number, number]),
          'symmetric',
        ),
    ],
    ['softmax', (x: tf.Tensor) => tf.softmax(x)],
    ['logSoftmax', (x: tf.Tensor) => tf.logSoftmax(x)],
    ['reverse', (x: tf.Tensor, axis: number) => tf.reverse(x, axis)],
    ['expandDims', (x: tf.Tensor, axis: number) => tf.expandDims(x, axis)],
    ['concat', (x: tf.Tensor, axis: number) => tf.concat([x, tf.square(x), x], axis)],
    ['stack', (x: tf.Tensor, axis: number) => tf.stack([x, tf.square(x)], axis)],
    ['unstack', (x: tf.Tensor, axis: number) => tf.addN(tf.unstack(x, axis).map((row, n) => tf.mul(row, n + 1)))],
    ['split', (x: tf.Tensor, axis: number) => tf.square(tf.split(tf.concat([x, x], axis), 2, axis)[1] as tf.Tensor)],
    [
      'pad',
      (x: tf.Tensor) =>
        tf.pad(
          x,
          x.shape.map((_, n) => [n, 1] as [number, number]),
        ),
    ],
    [
      'tile',
      (x: tf.Tensor) =>
        tf.tile(
          x,
          x.shape.map((_, n) => n + 1),
        ),
    ],
    [
      'slice',
      (x: tf.Tensor) =>
        tf.slice(
          x,
          x.shape.map((s) => (s > 1 ? 1 : 0)),
          x.shape.map((s) => Math.max(1, s - 1)),
        ),
    ],
    ['slice from a number on', (x: tf.Tensor) => tf.slice(tf.concat([x, x], 0), 1)],
    ['slice from fewer numbers than axes on', (x: tf.Tensor) => tf.slice(tf.concat([x, x], 0), [1], [1])],
    ['reverse all', (x: tf.Tensor) => tf.reverse(x)],
    ['split with a negative axis', (x: tf.Tensor) => tf.split(tf.concat([x, x], -1), 2, -1)[1] as tf.Tensor],
    ['sum of all', (x: tf.Tensor) => tf.sum(x)],
    ['max of a negative axis', (x: tf.Tensor) => tf.max(x, -1)],
    ['reshape', (x: tf.Tensor) => tf.square(tf.reshape(x, [-1]))],
    ['transpose', (x: tf.Tensor) => tf.transpose(x)],
    [
      'gather',
      (x: tf.Tensor, axis: number) => tf.gather(x, tf.tensor1d([0, (x.shape[axis] as number) - 1, 0], 'int32'), axis),
    ],
    ['where', (x: tf.Tensor) => tf.where(tf.greater(x, 0), tf.square(x), tf.neg(tf.square(x)))],
    ['cast', (x: tf.Tensor) => tf.add(tf.square(x), tf.cast(tf.greater(x, 9), 'float32'))],
    ['broadcastTo', (x: tf.Tensor) => tf.broadcastTo(tf.expandDims(x), [2, ...x.shape])],
  ] as [string, (x: tf.Tensor, axis: number, a: boolean, b: boolean) => tf.Tensor][])('%s', (_, op) => {
    fc.assert(
      fc.property(shape, fc.nat(), fc.boolean(), fc.boolean(), (dims, pick, a, b) => {
        checkGradient((x) => op(x as tf.Tensor, pick % dims.length, a, b), [tensor(dims, wide, 9)]);
      }),
      { numRuns: 10 },
    );
  });

  test('matMul, batches broadcast, transposed or not', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
        // Not both at once, as [2, 1] and [1, 3]: there tfjs's forward kernels are wrong.
        fc.constantFrom<[number[], number[]]>([[], []], [[3], [3]], [[1], [3]], [[2], [1]], [[2], []]),
        fc.boolean(),
        fc.boolean(),
        ([m, k, n], [batchA, batchB], transposeA, transposeB) => {
          const a = tensor([...batchA, ...(transposeA ? [k, m] : [m, k])], wide, 10);
          const b = tensor([...batchB, ...(transposeB ? [n, k] : [k, n])], wide, 11);
          checkGradient((x, y) => tf.matMul(x as tf.Tensor, y as tf.Tensor, transposeA, transposeB), [a, b]);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('matMul large enough to be transposed by hand', () => {
    for (const [transposeA, transposeB] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      const a = tensor([40, 40], [-0.1, 0.1], 12);
      const b = tensor([40, 40], [-0.1, 0.1], 13);
      checkGradient((x, y) => tf.matMul(x as tf.Tensor, y as tf.Tensor, transposeA, transposeB), [a, b]);
    }
  });

  test('a fused layer', () => {
    const layer: Op = (x, w, b) =>
      tf.fused.matMul({ a: x as tf.Tensor2D, b: w as tf.Tensor2D, bias: b as tf.Tensor1D, activation: 'relu' });
    checkGradient(layer, [tensor([3, 2], wide, 14), tensor([2, 4], wide, 15), tensor([4], wide, 16)]);
  });

  const conv = fc.record({
    size: fc.tuple(fc.integer({ min: 5, max: 7 }), fc.integer({ min: 5, max: 7 })),
    filter: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.constantFrom<'same' | 'valid'>('same', 'valid'),
    stride: fc.integer({ min: 1, max: 2 }),
    dilation: fc.integer({ min: 1, max: 2 }),
  });

  test('conv2d, strided or dilated', () => {
    fc.assert(
      fc.property(conv, ({ size, filter, pad, stride, dilation }) => {
        const x = tensor([2, ...size, 2], wide, 18);
        // Strided and padded, tfjs's wasm kernel is wrong for a filter of one row or column (forwards).
        const odd = stride > 1 && pad === 'same' && Math.min(...filter) === 1;
        const k = tensor([...(odd ? [2, 2] : filter), 2, 3], wide, 19);
        const d = stride > 1 ? 1 : dilation;
        const op: Op = (x, k) => tf.conv2d(x as tf.Tensor4D, k as tf.Tensor4D, stride, pad, 'NHWC', d);
        checkGradient(op, [x, k]);
      }),
      { numRuns: 25 },
    );
  });

  test('pooling, negative maxima included', () => {
    fc.assert(
      fc.property(conv, ({ size, filter, pad, stride }) => {
        const x = tensor([2, ...size, 2], [-3, -0.5], 20);
        checkGradient((x) => tf.avgPool(x as tf.Tensor4D, filter, stride, pad), [x]);
        checkGradient((x) => tf.maxPool(x as tf.Tensor4D, filter, stride, pad), [x], 8e-3, 2e-3);
      }),
      { numRuns: 15 },
    );
  });

  test('batchNorm', () => {
    const op: Op = (x, mean, variance, scale, offset) =>
      tf.batchNorm(
        x as tf.Tensor,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
        1e-3,
      );
    const row = (seed: number, range = wide as readonly [number, number]) => tensor([3], range, seed);
    checkGradient(op, [tensor([2, 2, 2, 3], wide, 21), row(22), row(23, positive), row(24), row(25)]);
  });

  test('batchNorm in a field, without scale or offset', () => {
    tf.tidy(() => {
      const [mean, variance, scale, offset] = [
        [0.1, 0.2],
        [1, 2],
        [1.5, 0.5],
        [0.3, -0.2],
      ].map((v) => tf.tensor1d(v));
      for (const [o, s] of [
        [undefined, undefined],
        [offset, undefined],
        [undefined, scale],
      ] as const) {
        const end = (y: tf.Tensor) => {
          const f = (_t: tf.Scalar, y: tf.Tensor) =>
            tf.batchNorm(y, mean as tf.Tensor1D, variance as tf.Tensor1D, o as tf.Tensor1D, s as tf.Tensor1D);
          return tf.square(odeint(f, y, [0, 1], { solver: rk4, stepSize: 0.5, gradient: aca }));
        };
        checkGradient((y) => end(y as tf.Tensor), [tensor([3, 2], wide, 26)]);
      }
    });
  });

  test('what is empty has gradient zero', () => {
    tf.tidy(() => {
      tf.tensor1d([5, 6, 7, 8]).dispose();
      const zero = (grad: tf.Tensor) => expect([...grad.dataSync()].every((value) => value === 0)).toBe(true);
      const sum = (y: tf.Tensor) => tf.sum(tf.concat([tf.reshape(y, [-1]), tf.zeros([1])]));
      zero(tf.grad((w) => sum(tf.mul(w, tf.zeros([0, 2]))))(tf.scalar(1)));
      zero(tf.grad((w) => sum(tf.matMul(tf.zeros([0, 2]), w as tf.Tensor2D)))(tf.ones([2, 2])));
      zero(tf.grad((x) => sum(tf.stridedSlice(x, [1], [1], [1])))(tf.ones([3])));
    });
  });

  test('prod next to a zero', () => {
    const grad = tf.grad((x) => tf.prod(x))(tf.tensor1d([2, 0, 3]));
    expect([...grad.dataSync()]).toEqual([0, 6, 0]);
    const weighted = tf.grad((x) => tf.sum(tf.mul(tf.cumprod(x), tf.tensor1d([1, 10, 100]))))(tf.tensor1d([2, 0, 3]));
    // d/dx of 2 + 10 x2 x1 + 100 x1 x2 x3.
    expect([...weighted.dataSync()]).toEqual([1, 620, 0]);
  });

  test('powers of zero', () => {
    const at = (b: number) =>
      tf
        .grad((x) => tf.sum(tf.pow(x, tf.scalar(b))))(tf.scalar(0))
        .dataSync()[0];
    expect([at(0), at(1), at(2)]).toEqual([0, 1, 0]);
  });

  test('a shared cotangent is not disposed twice', () => {
    const [a, b] = tf.grads((a, b) => tf.sum(tf.add(tf.add(a, b), tf.add(a, a))))([tf.scalar(1), tf.scalar(1)]);
    expect([a?.dataSync()[0], b?.dataSync()[0]]).toEqual([3, 1]);
  });

  test('leaves no tensor', () => {
    const x = tensor([2, 3], wide, 1);
    const f = (x: tf.Tensor) => tf.sum(tf.softmax(tf.concat([tf.tanh(x), tf.gather(x, [0, 0])], 1)));
    expect(tensorsLeft(() => tf.grad(f)(x).dispose())).toBe(0);
  });
});
