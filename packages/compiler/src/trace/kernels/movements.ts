import * as tf from '@tensorflow/tfjs-core';
import {
  binary,
  broadcast,
  concat,
  constant,
  full,
  gather,
  pad,
  reduce,
  reshape,
  reverse,
  scalar,
  scatterAdd,
  select,
  slice,
  sliceAxis,
  transpose,
} from '../../graph/build.ts';
import { type Node, type Shape, sizeOf } from '../../graph/graph.ts';
import { stridesOf } from '../../graph/shapes.ts';
import { CompileError } from '../compile-error.ts';
import type { Call, Kernel, Kernels, Recorded } from './kernel.ts';

const axisOf = (axis: number, shape: Shape) => tf.util.parseAxisParam(axis, shape as number[])[0] as number;

/** A kernel that moves the elements of its operand. */
function moves(f: (x: Node, attrs: Call['attrs']) => Node): Kernel {
  return (call) => {
    const [x] = call.inputs as [Recorded];
    return { node: f(x.node, call.attrs), dtype: x.dtype };
  };
}

/** A kernel with several results. */
function splits(f: (x: Node, attrs: Call['attrs']) => readonly Node[]): Kernel {
  return (call) => {
    const [x] = call.inputs as [Recorded];
    return f(x.node, call.attrs).map((node) => ({ node, dtype: x.dtype }));
  };
}

function insertAxis(x: Node, axis: number): Node {
  const at = axis < 0 ? axis + x.shape.length + 1 : axis;
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

function dropAxis(x: Node, axis: number): Node {
  return reshape(
    x,
    x.shape.filter((_, n) => n !== axis),
  );
}

/** Repeats along each axis: a new axis before it is broadcast and joined with it. */
function tile(x: Node, reps: readonly number[]): Node {
  const open = x.shape.flatMap((size) => [1, size]);
  const wide = x.shape.flatMap((size, n) => [reps[n] as number, size]);
  const shape = x.shape.map((size, n) => size * (reps[n] as number));
  const simple = x.shape.every((size, n) => size === 1 || reps[n] === 1);
  return simple ? broadcast(x, shape) : reshape(broadcast(reshape(x, open), wide), shape);
}

function mirror(x: Node, paddings: readonly [number, number][], mode: string): Node {
  const edge = mode === 'reflect' ? 1 : 0;
  return paddings.reduce((padded, [before, after], axis) => {
    const size = padded.shape[axis] as number;
    const left = sliceAxis(padded, axis, edge, edge + before);
    const right = sliceAxis(padded, axis, size - edge - after, size - edge);
    const parts = [before > 0 ? [reverse(left, [axis])] : [], [padded], after > 0 ? [reverse(right, [axis])] : []];
    return concat(parts.flat(), axis);
  }, x);
}

function stridedSlice(x: Node, attrs: Call['attrs']): Node {
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
  const info = tf.slice_util.sliceInfo(
    x.shape as number[],
    begin,
    end,
    strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask,
  );
  const size = tf.slice_util.computeOutShape(info.begin, info.end, info.strides);
  return reshape(slice(x, info.begin, size, info.strides), info.finalShape);
}

/** The rows that n-dimensional indices name, counted along one axis; and how many axes the indices span. */
function rowNumbers(indices: Node, shape: Shape): { rows: Node; depth: number } {
  const depth = indices.shape.at(-1) as number;
  const steps = constant(stridesOf(shape.slice(0, depth)), [depth]);
  const flat = reshape(indices, [sizeOf(indices.shape.slice(0, -1)), depth]);
  return { rows: reduce('sum', binary('mul', flat, steps), [1]), depth };
}

/** A number as a tensor of a dtype holds it. */
function stored(value: number, dtype: tf.DataType): number {
  return dtype === 'int32' ? Math.trunc(value) : value;
}

/** Concatenation, padding, gathering: where elements go. */
export const movements: Kernels = {
  Reshape: moves((x, { shape }) =>
    reshape(x, tf.util.inferFromImplicitShape(shape as number[], sizeOf(x.shape)) as number[]),
  ),
  ExpandDims: moves((x, { dim }) => insertAxis(x, dim)),
  Transpose: moves((x, { perm }) => transpose(x, perm)),
  Slice: moves((x, { begin, size }) => {
    const [from, count] = tf.slice_util.parseSliceParams({ shape: x.shape } as tf.TensorInfo, begin, size);
    return slice(x, from as number[], count as number[]);
  }),
  StridedSlice: moves(stridedSlice),
  Reverse: moves((x, { dims }) => reverse(x, tf.util.parseAxisParam(dims, x.shape as number[]))),
  Tile: moves((x, { reps }) => tile(x, reps)),
  BroadcastTo: moves((x, { shape }) => broadcast(x, shape)),
  PadV2: moves((x, { paddings, constantValue }) =>
    pad(
      x,
      paddings.map(([before]: number[]) => before),
      paddings.map(([, after]: number[]) => after),
      constantValue,
    ),
  ),
  MirrorPad: moves((x, { paddings, mode }) => mirror(x, paddings, mode)),
  Concat: (call) => {
    const [first] = call.inputs as [Recorded];
    const axis = axisOf(call.attrs.axis, first.node.shape);
    const parts = call.inputs.filter(({ node }) => sizeOf(node.shape) > 0).map(({ node }) => node);
    return { node: parts.length > 0 ? concat(parts, axis) : first.node, dtype: first.dtype };
  },
  Pack: (call) => {
    const [first] = call.inputs as [Recorded];
    const axis = call.attrs.axis < 0 ? call.attrs.axis + first.node.shape.length + 1 : call.attrs.axis;
    const parts = call.inputs.map(({ node }) => insertAxis(node, axis));
    return { node: concat(parts, axis), dtype: first.dtype };
  },
  Unpack: splits((x, { axis }) => {
    const along = axisOf(axis, x.shape);
    return Array.from({ length: x.shape[along] as number }, (_, n) => dropAxis(sliceAxis(x, along, n, n + 1), along));
  }),
  SplitV: splits((x, { numOrSizeSplits, axis }) => {
    const along = axisOf(axis, x.shape);
    const sizes = tf.backend_util.prepareSplitSize({ shape: x.shape } as tf.Tensor, numOrSizeSplits, along);
    let end = 0;
    return sizes.map((size) => {
      end += size;
      return sliceAxis(x, along, end - size, end);
    });
  }),
  GatherV2: (call) => {
    const x = call.input('x');
    const { node: indices } = call.input('indices');
    if (call.attrs.batchDims) {
      throw new CompileError(
        'GatherV2',
        'tf.gather with batchDims cannot be compiled: reshape so that it gathers along one axis.',
      );
    }
    const axis = axisOf(call.attrs.axis, x.node.shape);
    const taken = gather(x.node, reshape(indices, [sizeOf(indices.shape)]), axis);
    const shape = [...x.node.shape.slice(0, axis), ...indices.shape, ...x.node.shape.slice(axis + 1)];
    return { node: reshape(taken, shape), dtype: x.dtype };
  },
  GatherNd: (call) => {
    const { node: x, dtype } = call.input('params');
    const { node: indices } = call.input('indices');
    const { rows, depth } = rowNumbers(indices, x.shape);
    const rest = x.shape.slice(depth);
    const table = reshape(x, [sizeOf(x.shape.slice(0, depth)), ...rest]);
    return { node: reshape(gather(table, rows, 0), [...indices.shape.slice(0, -1), ...rest]), dtype };
  },
  ScatterNd: (call) => {
    const { node: indices } = call.input('indices');
    const { node: updates, dtype } = call.input('updates');
    const { shape } = call.attrs as { shape: number[] };
    const { rows, depth } = rowNumbers(indices, shape);
    const rest = shape.slice(depth);
    const flat = reshape(updates, [rows.shape[0] as number, ...rest]);
    return { node: reshape(scatterAdd(flat, rows, 0, sizeOf(shape.slice(0, depth))), shape), dtype };
  },
  UnsortedSegmentSum: (call) => {
    const { node: x, dtype } = call.input('x');
    const { node: ids } = call.input('segmentIds');
    const flat = reshape(x, [sizeOf(ids.shape), ...x.shape.slice(ids.shape.length)]);
    return { node: scatterAdd(flat, reshape(ids, [sizeOf(ids.shape)]), 0, call.attrs.numSegments), dtype };
  },
  SearchSorted: (call) => {
    const { node: sequence } = call.input('sortedSequence');
    const { node: values } = call.input('values');
    // How many of the sequence lie before a value.
    const before = binary(
      call.attrs.side === 'right' ? 'lessEqual' : 'less',
      insertAxis(sequence, 1),
      insertAxis(values, 2),
    );
    return { node: reduce('sum', before, [2]), dtype: 'int32' };
  },
  Fill: ({ attrs: { shape, value, dtype = typeof value === 'boolean' ? 'bool' : 'float32' } }) => ({
    node: full(shape, stored(Number(value), dtype)),
    dtype,
  }),
  Range: ({ attrs: { start, stop, step, dtype } }) => {
    const stride = stop < start && step === 1 ? -1 : step;
    const wrong = start === stop || (start < stop && stride < 0) || (stop < start && stride > 1);
    const count = wrong ? 0 : Math.abs(Math.ceil((stop - start) / stride));
    return {
      node: constant(
        Array.from({ length: count }, (_, n) => start + n * stride),
        [count],
      ),
      dtype,
    };
  },
  LinSpace: ({ attrs: { start, stop, num } }) => ({
    node: constant(
      Array.from({ length: num }, (_, n) => start + (n * (stop - start)) / Math.max(num - 1, 1)),
      [num],
    ),
    dtype: 'float32',
  }),
  OneHot: (call) => {
    const { depth, onValue, offValue, dtype } = call.attrs;
    const places = constant(
      Array.from({ length: depth }, (_, n) => n),
      [depth],
    );
    const hit = binary('equal', insertAxis(call.input('indices').node, -1), places);
    const plain = onValue === 1 && offValue === 0;
    return { node: plain ? hit : select(hit, scalar(stored(onValue, dtype)), scalar(stored(offValue, dtype))), dtype };
  },
};
