import * as tf from '@tensorflow/tfjs-core';
import {
  type BinaryFunction,
  type Node,
  programNodes,
  type ReduceFunction,
  type SlopeProgram,
  type UnaryFunction,
} from '../graph/graph.ts';
import { knownValue } from '../graph/values.ts';

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

const float = (x: tf.Tensor) => tf.cast(x, 'float32');

const unaries: Readonly<Record<UnaryFunction, Unary>> = {
  neg: tf.neg,
  abs: tf.abs,
  sqrt: tf.sqrt,
  floor: tf.floor,
  ceil: tf.ceil,
  round: tf.round,
  trunc: (x) => float(tf.cast(x, 'int32')),
  exp: tf.exp,
  expm1: tf.expm1,
  log: tf.log,
  log1p: tf.log1p,
  sin: tf.sin,
  cos: tf.cos,
  atan: tf.atan,
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  softplus: tf.softplus,
  erf: tf.erf,
};

const binaries: Readonly<Record<BinaryFunction, Binary>> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: tf.div,
  pow: tf.pow,
  mod: tf.mod,
  max: tf.maximum,
  min: tf.minimum,
  atan2: tf.atan2,
  equal: (a, b) => float(tf.equal(a, b)),
  notEqual: (a, b) => float(tf.notEqual(a, b)),
  less: (a, b) => float(tf.less(a, b)),
  lessEqual: (a, b) => float(tf.lessEqual(a, b)),
};

const reductions: Readonly<Record<ReduceFunction, (x: tf.Tensor, axes: number[]) => tf.Tensor>> = {
  sum: tf.sum,
  prod: tf.prod,
  max: tf.max,
  min: tf.min,
};

/** The results of a program in tfjs operations. Strided slices are gathered, since few other programs gather. */
export function asTensors(
  program: SlopeProgram,
  given: { readonly t: tf.Tensor; readonly y: readonly tf.Tensor[]; readonly parameters: readonly tf.Tensor[] },
): tf.Tensor[] {
  const tensors = new Map<Node, tf.Tensor>();
  for (const node of programNodes(program)) {
    const operands = node.inputs.map((input) => tensors.get(input) as tf.Tensor);
    tensors.set(node, node.op === 'input' ? leafOf(node, given) : apply(node, operands));
  }
  return program.outputs.slope.map((node) => tensors.get(node) as tf.Tensor);
}

function leafOf({ role, index }: Node & { op: 'input' }, given: Parameters<typeof asTensors>[1]): tf.Tensor {
  if (role === 't') return given.t;
  return (role === 'y' ? given.y : given.parameters)[index] as tf.Tensor;
}

function apply(node: Node, operands: readonly tf.Tensor[]): tf.Tensor {
  const [x, second, third] = operands as [tf.Tensor, tf.Tensor, tf.Tensor];
  const shape = [...node.shape];
  switch (node.op) {
    case 'input':
      throw new RangeError('An input is no operation.');
    case 'constant':
      return tf.tensor(Array.from(node.values), shape);
    case 'unary':
      return unaries[node.f](x);
    case 'binary':
      return binaries[node.f](x, second);
    case 'select':
      return tf.where(tf.cast(x, 'bool'), second, third);
    case 'matMul':
      return tf.matMul(x, second, node.transposeA, node.transposeB);
    case 'reduce':
      return reductions[node.f](x, [...node.axes]);
    case 'reshape':
      return tf.reshape(x, shape);
    case 'transpose':
      return tf.transpose(x, [...node.order]);
    case 'slice': {
      if (node.strides.every((stride) => stride === 1)) return tf.slice(x, [...node.begin], shape);
      return shape.reduce((rest, size, axis) => {
        const at = (n: number) => (node.begin[axis] as number) + n * (node.strides[axis] as number);
        return tf.gather(
          rest,
          tf.tensor1d(
            Array.from({ length: size }, (_, n) => at(n)),
            'int32',
          ),
          axis,
        );
      }, x);
    }
    case 'concat':
      return tf.concat([...operands], node.axis);
    case 'pad': {
      const after = (n: number) => (shape[n] as number) - (node.before[n] as number) - (x.shape[n] as number);
      return tf.pad(
        x,
        node.before.map((before, n) => [before, after(n)]),
        node.value,
      );
    }
    case 'broadcast':
      return tf.broadcastTo(x, shape);
    case 'gather':
      return tf.gather(x, indicesOf(node.inputs[1]), node.axis);
    case 'scatterAdd': {
      const order = shape.map((_, n) => n).sort((a, b) => Number(b === node.axis) - Number(a === node.axis) || a - b);
      const moved = tf.transpose(x, order);
      const sums = tf.scatterND(tf.expandDims(indicesOf(node.inputs[1]), 1), moved, [
        shape[node.axis] as number,
        ...moved.shape.slice(1),
      ]);
      return tf.transpose(
        sums,
        order.map((_, n) => order.indexOf(n)),
      );
    }
    case 'scan':
      return (node.f === 'sum' ? tf.cumsum : tf.cumprod)(x, node.axis, node.exclusive, node.reverse);
  }
}

const indicesOf = (node: Node) => tf.tensor1d(Array.from(knownValue(node)), 'int32');
