import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { around, type KernelCase, nonZero, type Op, shape } from './sample.ts';

const truth = { noGradient: 'of truth values' } as const;

/** A shape, an axis of it and two choices. */
const withAxis = fc
  .tuple(shape(1), fc.nat(), fc.boolean(), fc.boolean())
  .map(([x, n, first, second]) => ({ x, axis: n % x.length, first, second }));

/** Over any axes, kept or not. */
const over = (
  f: (x: tf.Tensor, axes: number[], keep: boolean) => tf.Tensor,
  more: Partial<KernelCase> = {},
): KernelCase => ({
  samples: fc.tuple(shape(1), fc.nat({ max: 15 }), fc.boolean()).map(([x, chosen, keep]) => {
    const axes = x.map((_, n) => n).filter((n) => chosen & (1 << n));
    return { shapes: [x], op: ((one: tf.Tensor) => f(one, axes.length > 0 ? axes : [0], keep)) as Op };
  }),
  ...more,
});

const along = (f: (x: tf.Tensor, axis: number, first: boolean, second: boolean) => tf.Tensor): KernelCase['samples'] =>
  withAxis.map(({ x, axis, first, second }) => ({
    shapes: [x],
    op: ((one: tf.Tensor) => f(one, axis, first, second)) as Op,
  }));

const lastAxis = (f: (x: tf.Tensor) => tf.Tensor): KernelCase['samples'] =>
  shape(1).map((x) => ({ shapes: [x], op: f as Op }));

/** Two matrices, in batches of which the second may have none, each transposed or not; and sizes beyond one vector. */
const matrices = fc
  .record({
    batch: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
    shared: fc.boolean(),
    sizes: fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 1, max: 18 }))),
    transposed: fc.tuple(fc.boolean(), fc.boolean()),
  })
  .map(({ batch, shared, sizes, transposed }) => {
    const [rows, inner, columns] = sizes as [number, number, number];
    const [first, second] = transposed;
    const a = [...batch, ...(first ? [inner, rows] : [rows, inner])];
    const b = [...(shared ? [] : batch), ...(second ? [columns, inner] : [inner, columns])];
    return { shapes: [a, b], columns, transposed };
  });

const sums: readonly string[] = ['ij,jk->ki', 'ij,kj->ik', 'ijk,ik->ij', 'ij,ij->ij', 'ij,kl->ikjl', 'ij,ij->'];

/** Reductions and products, by the kernel's name. */
export const sumCases: Readonly<Record<string, KernelCase>> = {
  Sum: over(tf.sum),
  Mean: over(tf.mean),
  // Far apart, so that small steps change no extremum.
  Max: over(tf.max, { domain: around(0, 1e5) }),
  Min: over(tf.min, { domain: around(0, 1e5) }),
  Prod: over(tf.prod),
  All: over((x, axes, keep) => tf.all(tf.greater(x, -1), axes, keep), truth),
  Any: over((x, axes, keep) => tf.any(tf.greater(x, 1), axes, keep), truth),
  Cumsum: { samples: along((x, axis, exclusive, reverse) => tf.cumsum(x, axis, exclusive, reverse)) },
  Cumprod: {
    samples: along((x, axis, exclusive, reverse) => tf.cumprod(x, axis, exclusive, reverse)),
  },
  Softmax: { samples: lastAxis((x) => tf.softmax(x)) },
  // tf.logSoftmax is made of others.
  LogSoftmax: {
    samples: shape(1).map((x) => ({
      shapes: [x],
      op: (logits) => tf.engine().runKernel('LogSoftmax', { logits: logits as tf.Tensor }, { axis: -1 }) as tf.Tensor,
      eager: ((logits: tf.Tensor) => tf.logSoftmax(logits)) as Op,
    })),
  },
  BatchMatMul: {
    samples: matrices.map(({ shapes, transposed }) => ({
      shapes,
      op: (a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor, ...transposed),
    })),
  },
  _FusedMatMul: {
    samples: fc
      .tuple(matrices, fc.constantFrom('linear', 'relu', 'elu', 'sigmoid'))
      .map(([{ shapes, columns, transposed }, activation]) => ({
        // A fused product is of matrices only where it has a gradient.
        shapes: [...shapes.map((one) => one.slice(-2)), [columns]],
        kinked: activation === 'relu' || activation === 'elu',
        op: (a, b, bias) =>
          tf.fused.matMul({
            a: a as tf.Tensor,
            b: b as tf.Tensor,
            transposeA: transposed[0],
            transposeB: transposed[1],
            bias: bias as tf.Tensor,
            activation: activation as 'relu',
          }),
      })),
    domain: nonZero(),
  },
  Einsum: {
    samples: fc
      .tuple(fc.constantFrom(...sums), fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 4, maxLength: 4 }))
      .map(([equation, sizes]) => {
        const shapeOf = (labels: string) => [...labels].map((label) => sizes['ijkl'.indexOf(label)] as number);
        const terms = (equation.split('->')[0] as string).split(',');
        return { shapes: terms.map(shapeOf), op: (...xs) => tf.einsum(equation, ...xs) };
      }),
    noGradient: 'not registered',
  },
};
