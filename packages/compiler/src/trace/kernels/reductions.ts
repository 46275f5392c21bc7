import * as tf from '@tensorflow/tfjs-core';
import { binary, reduce, reduceKeeping, scalar, scan, unary } from '../../graph/build.ts';
import { type Node, type ReduceFunction, sizeOf } from '../../graph/graph.ts';
import type { Kernel, Kernels } from './kernel.ts';

function axesOf(axis: number | number[] | null | undefined, x: Node): number[] {
  return tf.util.parseAxisParam(axis as number[], x.shape as number[]);
}

function joins(f: ReduceFunction, dtype?: (x: tf.DataType) => tf.DataType, axisName = 'axis'): Kernel {
  return (call) => {
    const x = call.input('x');
    const { keepDims } = call.attrs;
    const axes = axesOf(call.attrs[axisName], x.node);
    return {
      node: keepDims ? reduceKeeping(f, x.node, axes) : reduce(f, x.node, axes),
      dtype: dtype ? dtype(x.dtype) : x.dtype,
    };
  };
}

const counted = (dtype: tf.DataType) => (dtype === 'bool' ? 'int32' : dtype);

function runs(f: 'sum' | 'prod'): Kernel {
  return (call) => {
    const x = call.input('x');
    const { axis, exclusive, reverse } = call.attrs;
    return {
      node: scan(f, x.node, axesOf(axis, x.node)[0] as number, Boolean(exclusive), Boolean(reverse)),
      dtype: counted(x.dtype),
    };
  };
}

/** The elements minus their maximum along an axis, so that no exponential overflows. */
function shifted(x: Node, axis: number): Node {
  return binary('sub', x, reduceKeeping('max', x, [axis]));
}

/** Along axes: joined, running, and normalized. */
export const reductions: Kernels = {
  Sum: joins('sum', counted),
  Prod: joins('prod', counted),
  Max: joins('max', undefined, 'reductionIndices'),
  Min: joins('min'),
  All: joins('min'),
  Any: joins('max'),
  Mean: (call) => {
    const { node: x } = call.input('x');
    const axes = axesOf(call.attrs.axis, x);
    const sum = call.attrs.keepDims ? reduceKeeping('sum', x, axes) : reduce('sum', x, axes);
    const count = sizeOf(axes.map((axis) => x.shape[axis] as number));
    return { node: binary('div', sum, scalar(count)), dtype: 'float32' };
  },
  Cumsum: runs('sum'),
  Cumprod: runs('prod'),
  Softmax: (call) => {
    const { node: x } = call.input('logits');
    const axis = axesOf(call.attrs.dim, x)[0] as number;
    const e = unary('exp', shifted(x, axis));
    return { node: binary('div', e, reduceKeeping('sum', e, [axis])), dtype: 'float32' };
  },
  LogSoftmax: (call) => {
    const { node: x } = call.input('logits');
    const axis = axesOf(call.attrs.axis, x)[0] as number;
    const low = shifted(x, axis);
    const sum = reduceKeeping('sum', unary('exp', low), [axis]);
    return { node: binary('sub', low, unary('log', sum)), dtype: 'float32' };
  },
};
