import { reduceFunctions } from './functions.ts';
import {
  type BinaryFunction,
  type InputNode,
  type Node,
  type ReduceFunction,
  type Shape,
  sizeOf,
  type UnaryFunction,
} from './graph.ts';
import { aroundAxis, broadcastStrides, stridesOf } from './shapes.ts';

/** What elements are, numbers or formulas, and how they are computed. */
export interface Algebra<T extends object | number> {
  /** Element number n of an input. */
  input(node: InputNode, n: number): T;
  constant(value: number): T;
  unary(f: UnaryFunction, a: T): T;
  binary(f: BinaryFunction, a: T, b: T): T;
  select(condition: T, a: T, b: T): T;
  /** All operands, in whatever order, or what joining none gives. */
  join(f: ReduceFunction, operands: readonly T[]): T;
  /** The number, where it is known. */
  known(a: T): number | undefined;
}

/** Every element of what a node makes, row-major, from those of its operands. */
export function elementsOf<T extends object | number>(
  node: Node,
  operands: readonly (readonly T[])[],
  make: Algebra<T>,
): readonly T[] {
  const x = operands[0] ?? [];
  const second = operands[1] ?? [];
  const third = operands[2] ?? [];
  const { shape } = node;
  const xShape = node.inputs[0]?.shape ?? [];
  const size = sizeOf(shape);
  switch (node.op) {
    case 'input':
      return Array.from({ length: size }, (_, n) => make.input(node, n));
    case 'constant':
      return Array.from(node.values, (value) => make.constant(value));
    case 'unary':
      return x.map((value) => make.unary(node.f, value));
    case 'binary': {
      const [a, b] = node.inputs.map((input) => placesOf(shape, broadcastStrides(input.shape, shape)));
      return Array.from({ length: size }, (_, n) => make.binary(node.f, x[a![n]!]!, second[b![n]!]!));
    }
    case 'select': {
      const [c, a, b] = node.inputs.map((input) => placesOf(shape, broadcastStrides(input.shape, shape)));
      return Array.from({ length: size }, (_, n) => make.select(x[c![n]!]!, second[a![n]!]!, third[b![n]!]!));
    }
    case 'matMul':
      return productOf(node, x, second, make);
    case 'reduce': {
      const kept = placesAlong(xShape, shape, node.axes);
      const groups: T[][] = Array.from({ length: size }, () => []);
      kept.forEach((place, n) => {
        groups[place]!.push(x[n]!);
      });
      return groups.map((group) => make.join(node.f, group));
    }
    case 'reshape':
      return x;
    case 'transpose': {
      const strides = stridesOf(xShape);
      return pick(
        x,
        shape,
        node.order.map((axis) => strides[axis]!),
      );
    }
    case 'slice': {
      const strides = stridesOf(xShape);
      const start = node.begin.reduce((sum, begin, n) => sum + begin * strides[n]!, 0);
      return pick(
        x,
        shape,
        node.strides.map((stride, n) => stride * strides[n]!),
        start,
      );
    }
    case 'broadcast':
      return pick(x, shape, broadcastStrides(xShape, shape));
    case 'concat': {
      const { outer } = aroundAxis(shape, node.axis);
      const out: T[] = [];
      for (let row = 0; row < outer; row++) {
        for (const part of operands) {
          const length = part.length / outer;
          for (let n = 0; n < length; n++) out.push(part[row * length + n]!);
        }
      }
      return out;
    }
    case 'pad': {
      const out: T[] = new Array(size).fill(make.constant(node.value));
      const strides = stridesOf(shape);
      const start = node.before.reduce((sum, before, n) => sum + before * strides[n]!, 0);
      placesOf(xShape, strides, start).forEach((place, n) => {
        out[place] = x[n]!;
      });
      return out;
    }
    case 'gather': {
      const { outer, inner } = aroundAxis(shape, node.axis);
      const length = xShape[node.axis]!;
      const out: T[] = [];
      for (let row = 0; row < outer; row++) {
        for (const index of second) {
          for (let column = 0; column < inner; column++) {
            const choices = Array.from({ length }, (_, i) => x[(row * length + i) * inner + column]!);
            out.push(choose(index, choices, make));
          }
        }
      }
      return out;
    }
    case 'scatterAdd': {
      const { outer, size: length, inner } = aroundAxis(shape, node.axis);
      const terms: T[][] = Array.from({ length: size }, () => []);
      const zero = make.constant(0);
      for (let row = 0; row < outer; row++) {
        second.forEach((index, i) => {
          for (let column = 0; column < inner; column++) {
            const update = x[(row * second.length + i) * inner + column]!;
            for (let target = 0; target < length; target++) {
              const choices = Array.from({ length }, (_, k) => (k === target ? update : zero));
              terms[(row * length + target) * inner + column]!.push(choose(index, choices, make));
            }
          }
        });
      }
      return terms.map((group) => make.join('sum', group));
    }
    case 'scan': {
      const { start, by } = reduceFunctions[node.f];
      const { outer, size: length, inner } = aroundAxis(shape, node.axis);
      const out: T[] = new Array(size);
      for (let row = 0; row < outer; row++) {
        for (let column = 0; column < inner; column++) {
          let running = make.constant(start);
          for (let step = 0; step < length; step++) {
            const at = (row * length + (node.reverse ? length - 1 - step : step)) * inner + column;
            const next = make.binary(by, running, x[at]!);
            out[at] = node.exclusive ? running : next;
            running = next;
          }
        }
      }
      return out;
    }
  }
}

/** The choice at an index, which is brought into range; a comparison each where the index is not known. */
function choose<T extends object | number>(index: T, choices: readonly T[], make: Algebra<T>): T {
  const last = choices.length - 1;
  const known = make.known(index);
  if (known !== undefined) return choices[Math.min(Math.max(Math.trunc(known), 0), last)]!;
  let chosen = choices[last]!;
  for (let i = last - 1; i >= 0; i--) {
    if (choices[i] === chosen) continue;
    chosen = make.select(make.binary('less', index, make.constant(i + 1)), choices[i]!, chosen);
  }
  return chosen;
}

function productOf<T extends object | number>(
  node: Node & { readonly op: 'matMul' },
  a: readonly T[],
  b: readonly T[],
  make: Algebra<T>,
): readonly T[] {
  const [nodeA, nodeB] = node.inputs;
  const batch = node.shape.slice(0, -2);
  const [rows, columns] = node.shape.slice(-2) as [number, number];
  const [aRows, aColumns] = nodeA.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = nodeB.shape.slice(-2) as [number, number];
  const inner = node.transposeA ? aRows : aColumns;
  const startsA = placesOf(batch, broadcastStrides(nodeA.shape.slice(0, -2), batch));
  const startsB = placesOf(batch, broadcastStrides(nodeB.shape.slice(0, -2), batch));
  const out: T[] = [];
  startsA.forEach((placeA, n) => {
    const fromA = placeA * aRows * aColumns;
    const fromB = startsB[n]! * bRows * bColumns;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const terms: T[] = [];
        for (let k = 0; k < inner; k++) {
          const left = a[fromA + (node.transposeA ? k * aColumns + i : i * aColumns + k)]!;
          const right = b[fromB + (node.transposeB ? j * bColumns + k : k * bColumns + j)]!;
          terms.push(make.binary('mul', left, right));
        }
        out.push(make.join('sum', terms));
      }
    }
  });
  return out;
}

function pick<T extends object | number>(
  x: readonly T[],
  shape: Shape,
  strides: readonly number[],
  start = 0,
): readonly T[] {
  return placesOf(shape, strides, start).map((place) => x[place]!);
}

/** Where each element of a shape lies, row-major, in an operand that advances by the strides. */
function placesOf(shape: Shape, strides: readonly number[], start = 0): number[] {
  let places = [start];
  shape.forEach((length, axis) => {
    const stride = strides[axis]!;
    const next: number[] = [];
    for (const place of places) for (let i = 0; i < length; i++) next.push(place + i * stride);
    places = next;
  });
  return places;
}

/** For each element of the operand of a reduction, the element of the result to which it belongs. */
function placesAlong(operand: Shape, result: Shape, axes: readonly number[]): number[] {
  const strides = stridesOf(result);
  let next = 0;
  return placesOf(
    operand,
    operand.map((_, n) => (axes.includes(n) ? 0 : strides[next++]!)),
  );
}
