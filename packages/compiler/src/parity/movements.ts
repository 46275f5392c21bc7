import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { sizeOf } from '../graph/graph.ts';
import { randomNumbers } from '../graph/random-program.ts';
import { broken, type KernelCase, type Op, type Sample, shape } from './sample.ts';

/** Chooses whole numbers below a count. */
type Below = (count: number) => number;

/** Samples of one operand, with choices that depend on its shape. */
const moving = (
  make: (x: number[], below: Below) => (x: tf.Tensor) => tf.Tensor | tf.Tensor[],
  least = 1,
): KernelCase => ({
  samples: fc.tuple(shape(least), fc.nat()).map(([x, seed]): Sample => {
    const random = randomNumbers(seed);
    return { shapes: [x], op: make(x, (count) => Math.floor(random() * count)) as Op };
  }),
});
const missing = { noGradient: 'not registered' } as const;
const truth = { noGradient: 'of truth values' } as const;

const places = (count: number, below: Below, most: number) => Array.from({ length: count }, () => below(most));

/** Several operands that differ along one axis. */
const joining = fc
  .tuple(shape(1, 3), fc.nat(), fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }))
  .map(([x, n, lengths]) => {
    const axis = n % x.length;
    return { axis, shapes: lengths.map((length) => x.map((one, at) => (at === axis ? length : one))) };
  });

/** Concatenation, slices, gathering, and what makes tensors, by the kernel's name. */
export const movementCases: Readonly<Record<string, KernelCase>> = {
  Reshape: moving((x) => (one) => tf.reshape(one, [-1, x.at(-1) as number])),
  ExpandDims: moving((x, below) => {
    const axis = below(x.length + 1);
    return (one) => tf.expandDims(one, axis);
  }, 0),
  Transpose: moving((x, below) => {
    const axes = x.map((_, n) => n);
    const turned = 1 + below(x.length - 1);
    return (one) => tf.transpose(one, [...axes.slice(turned), ...axes.slice(0, turned)]);
  }, 2),
  Slice: moving((x, below) => {
    const begin = x.map((size) => below(size));
    const size = x.map((length, n) => 1 + below(length - (begin[n] as number)));
    return (one) => tf.slice(one, begin, size);
  }),
  StridedSlice: moving((x, below) => {
    const strides = x.map(() => [1, 2, -1, -2][below(4)] as number);
    const begin = x.map((size) => below(size));
    const end = x.map((size, n) => ((strides[n] as number) > 0 ? size : -size - 1));
    return (one) => tf.stridedSlice(one, begin, end, strides);
  }),
  Reverse: moving((x, below) => {
    const axes = x.map((_, n) => n).filter(() => below(2) === 0);
    return (one) => tf.reverse(one, axes.length > 0 ? axes : [0]);
  }),
  Tile: moving((x, below) => {
    const repeats = x.map(() => 1 + below(3));
    return (one) => tf.tile(one, repeats);
  }),
  // tf.broadcastTo runs Tile.
  BroadcastTo: {
    samples: shape(1, 3).map((x) => {
      const wide = [2, ...x.map((size) => (size === 1 ? 3 : size))];
      return {
        shapes: [x],
        op: ((one: tf.Tensor) => tf.engine().runKernel('BroadcastTo', { x: one }, { shape: wide })) as unknown as Op,
        eager: ((one: tf.Tensor) => tf.broadcastTo(one, wide)) as Op,
      };
    }),
    ...missing,
  },
  PadV2: moving((x, below) => {
    const margins = x.map((): [number, number] => [below(3), below(4)]);
    return (one) => tf.pad(one, margins, 0.5);
  }),
  MirrorPad: moving((x, below) => {
    const mode = below(2) === 0 ? 'reflect' : 'symmetric';
    const most = (size: number) => (mode === 'reflect' ? size : size + 1);
    const margins = x.map((size): [number, number] => [below(most(size)), below(most(size))]);
    return (one) => tf.mirrorPad(one, margins, mode);
  }),
  Concat: { samples: joining.map(({ axis, shapes }) => ({ shapes, op: (...xs) => tf.concat(xs, axis) })) },
  Pack: {
    samples: fc.tuple(shape(0, 3), fc.integer({ min: 1, max: 4 }), fc.nat()).map(([x, count, n]) => ({
      shapes: Array.from({ length: count }, () => x),
      op: (...xs) => tf.stack(xs, n % (x.length + 1)),
    })),
  },
  Unpack: moving((x, below) => {
    const axis = below(x.length);
    return (one) => tf.unstack(one, axis);
  }),
  SplitV: moving((x, below) => {
    const axis = below(x.length);
    const size = x[axis] as number;
    const first = below(size);
    return (one) => tf.split(one, first > 0 ? [first, size - first] : [size], axis);
  }),
  GatherV2: moving((x, below) => {
    const axis = below(x.length);
    const indices = places(6, below, x[axis] as number);
    return (one) => tf.gather(one, tf.tensor2d(indices, [2, 3], 'int32'), axis);
  }),
  GatherNd: moving((x, below) => {
    const depth = 1 + below(x.length);
    const rows = Array.from({ length: 3 }, () => x.slice(0, depth).map((size) => below(size)));
    return (one) => tf.gatherND(one, tf.tensor2d(rows, [3, depth], 'int32'));
  }),
  ScatterNd: moving((x, below) => {
    const rows = places(x[0] as number, below, 5);
    return (one) => tf.scatterND(tf.tensor2d(rows, [rows.length, 1], 'int32'), one, [5, ...x.slice(1)]);
  }),
  UnsortedSegmentSum: {
    ...moving((x, below) => {
      const rows = places(x[0] as number, below, 4);
      return (one) => tf.unsortedSegmentSum(one, tf.tensor1d(rows, 'int32'), 4);
    }),
    ...missing,
  },
  SearchSorted: {
    ...moving((x, below) => {
      const side = below(2) === 0 ? 'left' : 'right';
      return (one) => tf.searchSorted([-2, -1, 0.5, 2], tf.reshape(one, [sizeOf(x)]), side);
    }),
    ...truth,
  },
  Fill: moving((x, below) => {
    const dtype = below(2) === 0 ? 'float32' : 'int32';
    return (one) => tf.mul(one, tf.cast(tf.fill(x, 2.6, dtype), 'float32'));
  }),
  Range: moving((x, below) => {
    const first = below(5);
    const down = below(2) === 0;
    const size = x.at(-1) as number;
    return (one) => tf.mul(one, down ? tf.range(first + size, first, -1) : tf.range(first, first + 2 * size, 2));
  }),
  LinSpace: moving((x) => (one) => tf.mul(one, tf.linspace(-1, 2, x.at(-1) as number))),
  OneHot: {
    ...moving((x, below) => {
      const [on, off] = below(2) === 0 ? [1, 0] : [2.5, -1];
      return (one) => tf.oneHot(tf.cast(tf.reshape(one, [sizeOf(x)]), 'int32'), 3, on, off);
    }),
    domain: broken,
    ...truth,
  },
};
