import { type Shape, sizeOf } from './graph.ts';

/** Whether two lists of numbers are the same. */
export function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, n) => value === b[n]);
}

/**
 * The shape that two shapes broadcast to, as in NumPy.
 *
 * @throws RangeError when they do not
 */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let n = 0; n < rank; n++) {
    const sizeA = a[a.length - rank + n] ?? 1;
    const sizeB = b[b.length - rank + n] ?? 1;
    if (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1) {
      throw new RangeError(`The shapes [${a}] and [${b}] do not broadcast.`);
    }
    shape.push(sizeA === 1 ? sizeB : sizeA);
  }
  return shape;
}

/** How far apart the neighbours along each axis lie, row-major. */
export function stridesOf(shape: Shape): number[] {
  const strides: number[] = new Array(shape.length).fill(1);
  for (let n = shape.length - 2; n >= 0; n--) strides[n] = (strides[n + 1] as number) * (shape[n + 1] as number);
  return strides;
}

/** How far an operand advances along each axis of the shape that it is broadcast to: 0 where it is repeated. */
export function broadcastStrides(operand: Shape, shape: Shape): number[] {
  const own = stridesOf(operand);
  const lead = shape.length - operand.length;
  return shape.map((_, n) => (n < lead || operand[n - lead] === 1 ? 0 : (own[n - lead] as number)));
}

/** The axes of a shape that are not among the given ones. */
export function otherAxes(rank: number, axes: readonly number[]): number[] {
  return Array.from({ length: rank }, (_, n) => n).filter((n) => !axes.includes(n));
}

/** The shape without leading axes of size 1. */
export function withoutLeadingOnes(shape: Shape): Shape {
  const first = shape.findIndex((size) => size !== 1);
  return first < 0 ? [] : shape.slice(first);
}

/** The shape seen along one axis: the elements before it, along it, and after it. */
export function aroundAxis(shape: Shape, axis: number): { outer: number; size: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), size: shape[axis] as number, inner: sizeOf(shape.slice(axis + 1)) };
}
