import {
  type BinaryFunction,
  type ConstantNode,
  type InputNode,
  type Node,
  type ReduceFunction,
  type Role,
  type Shape,
  sizeOf,
  type UnaryFunction,
} from './graph.ts';
import { broadcastShapes, otherAxes, sameNumbers } from './shapes.ts';

/*
 * Makers of nodes. They work out the shape, throw a RangeError for operands that do not fit, and make no node where an
 * operand already is the result.
 */

/** A value from outside. */
export function input(role: Role, index: number, shape: Shape): InputNode {
  return { op: 'input', shape, inputs: [], role, index };
}

/** A known number. */
export function scalar(value: number): ConstantNode {
  return { op: 'constant', shape: [], inputs: [], values: Float64Array.of(value) };
}

/** The same known number everywhere. */
export function full(shape: Shape, value: number): Node {
  return broadcast(scalar(value), shape);
}

/** Known values; equal ones become a scalar's broadcast. */
export function constant(values: ArrayLike<number>, shape: Shape): Node {
  const own = Float64Array.from(values);
  if (own.length !== sizeOf(shape)) throw new RangeError(`${own.length} values do not fill the shape [${shape}].`);
  const first = own[0];
  if (first !== undefined && own.every((value) => Object.is(value, first))) return full(shape, first);
  return { op: 'constant', shape, inputs: [], values: own };
}

export function unary(f: UnaryFunction, x: Node): Node {
  return { op: 'unary', shape: x.shape, inputs: [x], f };
}

export function binary(f: BinaryFunction, a: Node, b: Node): Node {
  return { op: 'binary', shape: broadcastShapes(a.shape, b.shape), inputs: [a, b], f };
}

/** condition != 0 ? a : b. */
export function select(condition: Node, a: Node, b: Node): Node {
  const shape = broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape));
  return { op: 'select', shape, inputs: [condition, a, b] };
}

export function matMul(a: Node, b: Node, transposeA = false, transposeB = false): Node {
  const { rows, inner, columns, innerB } = matMulSizes(a, b, transposeA, transposeB);
  if (a.shape.length < 2 || b.shape.length < 2 || inner !== innerB) {
    throw new RangeError(`No matrix product of the shapes [${a.shape}] and [${b.shape}].`);
  }
  const shape = [...broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns];
  return { op: 'matMul', shape, inputs: [a, b], transposeA, transposeB };
}

/** The sizes of a matrix product: rows x inner times inner x columns. */
export function matMulSizes(
  a: Node,
  b: Node,
  transposeA: boolean,
  transposeB: boolean,
): { rows: number; inner: number; columns: number; innerB: number } {
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  return {
    rows: transposeA ? aColumns : aRows,
    inner: transposeA ? aRows : aColumns,
    innerB: transposeB ? bColumns : bRows,
    columns: transposeB ? bRows : bColumns,
  };
}

/** Joins the elements along some axes and drops those axes. */
export function reduce(f: ReduceFunction, x: Node, axes: readonly number[]): Node {
  if (axes.length === 0) return x;
  const sorted = [...new Set(axes)].sort((a, b) => a - b);
  const shape = otherAxes(x.shape.length, sorted).map((n) => x.shape[n] as number);
  return { op: 'reduce', shape, inputs: [x], f, axes: sorted };
}

/** Joins the elements along some axes and leaves those axes with size 1. */
export function reduceKeeping(f: ReduceFunction, x: Node, axes: readonly number[]): Node {
  return reshape(
    reduce(f, x, axes),
    x.shape.map((size, n) => (axes.includes(n) ? 1 : size)),
  );
}

export function reshape(x: Node, shape: Shape): Node {
  if (sameNumbers(x.shape, shape)) return x;
  if (sizeOf(x.shape) !== sizeOf(shape)) throw new RangeError(`No reshape from [${x.shape}] to [${shape}].`);
  return { op: 'reshape', shape, inputs: [x] };
}

export function transpose(x: Node, order: readonly number[]): Node {
  if (order.every((axis, n) => axis === n)) return x;
  return { op: 'transpose', shape: order.map((axis) => x.shape[axis] as number), inputs: [x], order };
}

/** `size[n]` elements along axis n from `begin[n]` on, each `strides[n]` (default 1) after the other. */
export function slice(
  x: Node,
  begin: readonly number[],
  size: Shape,
  strides: readonly number[] = begin.map(() => 1),
): Node {
  x.shape.forEach((length, n) => {
    const first = begin[n] as number;
    const count = size[n] as number;
    const last = first + (count - 1) * (strides[n] as number);
    if (count > 0 && (first < 0 || first >= length || last < 0 || last >= length)) {
      throw new RangeError(`A slice from [${begin}] of size [${size}] leaves the shape [${x.shape}].`);
    }
  });
  if (sameNumbers(size, x.shape) && strides.every((stride, n) => stride === 1 || (size[n] as number) <= 1)) return x;
  // A stride along an axis of at most one element has no meaning; 1 makes equal slices look equal.
  const used = strides.map((stride, n) => ((size[n] as number) <= 1 ? 1 : stride));
  return { op: 'slice', shape: size, inputs: [x], begin, strides: used };
}

/** The elements from `begin` up to `end` along one axis. */
export function sliceAxis(x: Node, axis: number, begin: number, end: number): Node {
  return slice(
    x,
    x.shape.map((_, n) => (n === axis ? begin : 0)),
    x.shape.map((size, n) => (n === axis ? end - begin : size)),
  );
}

/** The elements along an axis in the opposite order. */
export function reverse(x: Node, axes: readonly number[]): Node {
  return slice(
    x,
    x.shape.map((size, n) => (axes.includes(n) ? Math.max(size - 1, 0) : 0)),
    x.shape,
    x.shape.map((_, n) => (axes.includes(n) ? -1 : 1)),
  );
}

export function concat(parts: readonly Node[], axis: number): Node {
  const first = parts[0];
  if (!first) throw new RangeError('Nothing to concatenate.');
  if (parts.length === 1) return first;
  const others = (shape: Shape) => shape.filter((_, n) => n !== axis);
  for (const part of parts) {
    if (part.shape.length !== first.shape.length || !sameNumbers(others(part.shape), others(first.shape))) {
      throw new RangeError(`The shapes [${first.shape}] and [${part.shape}] do not join along axis ${axis}.`);
    }
  }
  const total = parts.reduce((sum, part) => sum + (part.shape[axis] as number), 0);
  return { op: 'concat', shape: first.shape.map((size, n) => (n === axis ? total : size)), inputs: parts, axis };
}

/** Margins of `value`: `before[n]` and `after[n]` elements along axis n. */
export function pad(x: Node, before: readonly number[], after: readonly number[], value = 0): Node {
  const shape = x.shape.map((size, n) => size + (before[n] as number) + (after[n] as number));
  if (sameNumbers(shape, x.shape)) return x;
  return { op: 'pad', shape, inputs: [x], before, value };
}

export function broadcast(x: Node, shape: Shape): Node {
  if (sameNumbers(x.shape, shape)) return x;
  if (!sameNumbers(broadcastShapes(x.shape, shape), shape)) {
    throw new RangeError(`No broadcast from [${x.shape}] to [${shape}].`);
  }
  return { op: 'broadcast', shape, inputs: [x] };
}

/** Reads along an axis at places that are a node of rank 1. */
export function gather(x: Node, indices: Node, axis: number): Node {
  const count = indices.shape[0] as number;
  return { op: 'gather', shape: x.shape.map((size, n) => (n === axis ? count : size)), inputs: [x, indices], axis };
}

/** Adds up along an axis of length `size` at places that are a node of rank 1. */
export function scatterAdd(updates: Node, indices: Node, axis: number, size: number): Node {
  const shape = updates.shape.map((length, n) => (n === axis ? size : length));
  return { op: 'scatterAdd', shape, inputs: [updates, indices], axis };
}

/** Running sums or products. */
export function scan(f: 'sum' | 'prod', x: Node, axis: number, exclusive: boolean, reverse: boolean): Node {
  return { op: 'scan', shape: x.shape, inputs: [x], f, axis, exclusive, reverse };
}

/** The same operation on other operands of the same shapes. */
export function withInputs(node: Node, inputs: readonly Node[]): Node {
  if (inputs.every((input, n) => input === node.inputs[n])) return node;
  return { ...node, inputs } as Node;
}
