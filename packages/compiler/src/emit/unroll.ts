import { reduceFunctions } from '../graph/functions.ts';
import {
  type BinaryFunction,
  type InputNode,
  type Node,
  type Program,
  programNodes,
  type Shape,
  sizeOf,
} from '../graph/graph.ts';
import { aroundAxis, broadcastStrides, stridesOf } from '../graph/shapes.ts';
import { type Expression, Expressions } from './expression.ts';
import type { Element } from './precision.ts';

const joining: Readonly<Record<'sum' | 'prod' | 'max' | 'min', BinaryFunction>> = {
  sum: 'add',
  prod: 'mul',
  max: 'max',
  min: 'min',
};

/** How many operations on single numbers a program takes, before anything is simplified. */
export function countOperations(program: Program): number {
  let count = 0;
  for (const node of programNodes(program)) {
    const size = sizeOf(node.shape);
    if (node.op === 'unary' || node.op === 'binary' || node.op === 'select') count += size;
    else if (node.op === 'reduce') count += sizeOf(node.inputs[0].shape);
    else if (node.op === 'matMul') {
      count += 2 * size * node.inputs[0].shape.at(node.transposeA ? -2 : -1)!;
    } else if (node.op === 'scan') count += size;
    else if (node.op === 'gather' || node.op === 'scatterAdd') {
      const [x, indices] = node.inputs;
      const known = indices.op === 'constant' || (indices.op === 'broadcast' && indices.inputs[0].op === 'constant');
      count += known ? sizeOf(x.shape) / 8 : (size * sizeOf(x.shape)) / Math.max(1, sizeOf(x.shape) ** 0.5);
    } else count += size / 8;
  }
  return count;
}

/** A program whose every element is a formula. */
export interface Unrolled {
  readonly values: ReadonlyMap<Node, readonly Expression[]>;
  /** What made the formulas. */
  readonly make: Expressions;
  /** What the formulas' leaves are: element n of an input. */
  readonly leaves: readonly { readonly input: InputNode; readonly n: number }[];
}

const unrolled = new WeakMap<Program, Map<string, Unrolled>>();

/**
 * Every element of every node as an expression: what only moves elements about costs nothing, products of matrices and
 * reductions become sums of terms. Done once for a program.
 */
export function unrolledOf(program: Program, { type }: Element): Unrolled {
  let done = unrolled.get(program);
  if (!done) {
    done = new Map();
    unrolled.set(program, done);
  }
  let result = done.get(type);
  if (!result) {
    result = unroll(program, new Expressions(type === 'f32' ? 'float32' : 'float64'));
    done.set(type, result);
  }
  return result;
}

function unroll(program: Program, make: Expressions): Unrolled {
  const values = new Map<Node, readonly Expression[]>();
  const leaves: { input: InputNode; n: number }[] = [];
  const leaf = (input: InputNode, n: number) => leaves.push({ input, n }) - 1;
  for (const node of programNodes(program)) {
    const operands = node.inputs.map((input) => values.get(input)!);
    values.set(node, elementsOf(node, operands, make, leaf));
  }
  return { values, leaves, make };
}

function elementsOf(
  node: Node,
  operands: readonly (readonly Expression[])[],
  make: Expressions,
  leaf: (input: InputNode, n: number) => number,
): readonly Expression[] {
  const x = operands[0] ?? [];
  const second = operands[1] ?? [];
  const third = operands[2] ?? [];
  const { shape } = node;
  const xShape = node.inputs[0]?.shape ?? [];
  const size = sizeOf(shape);
  switch (node.op) {
    case 'input':
      return Array.from({ length: size }, (_, n) => make.leaf(leaf(node, n)));
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
      const groups: Expression[][] = Array.from({ length: size }, () => []);
      kept.forEach((place, n) => {
        groups[place]!.push(x[n]!);
      });
      if (node.f === 'sum') return groups.map((group) => make.sum(group));
      const start = make.constant(reduceFunctions[node.f].start);
      return groups.map((group) => (group.length > 0 ? make.join(joining[node.f], group) : start));
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
      const out: Expression[] = [];
      for (let row = 0; row < outer; row++) {
        for (const part of operands) {
          const length = part.length / outer;
          for (let n = 0; n < length; n++) out.push(part[row * length + n]!);
        }
      }
      return out;
    }
    case 'pad': {
      const out: Expression[] = new Array(size).fill(make.constant(node.value));
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
      const out: Expression[] = [];
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
      const terms: Expression[][] = Array.from({ length: size }, () => []);
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
      return terms.map((group) => make.sum(group));
    }
    case 'scan': {
      const { outer, size: length, inner } = aroundAxis(shape, node.axis);
      const out: Expression[] = new Array(size);
      for (let row = 0; row < outer; row++) {
        for (let column = 0; column < inner; column++) {
          let running = make.constant(reduceFunctions[node.f].start);
          for (let step = 0; step < length; step++) {
            const at = (row * length + (node.reverse ? length - 1 - step : step)) * inner + column;
            const next = make.binary(joining[node.f], running, x[at]!);
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
function choose(index: Expression, choices: readonly Expression[], make: Expressions): Expression {
  const last = choices.length - 1;
  if (index.op === 'constant') return choices[Math.min(Math.max(Math.trunc(index.value), 0), last)]!;
  let chosen = choices[last]!;
  for (let i = last - 1; i >= 0; i--) {
    if (choices[i] === chosen) continue;
    chosen = make.select(make.binary('less', index, make.constant(i + 1)), choices[i]!, chosen);
  }
  return chosen;
}

function productOf(
  node: Node & { readonly op: 'matMul' },
  a: readonly Expression[],
  b: readonly Expression[],
  make: Expressions,
): readonly Expression[] {
  const [nodeA, nodeB] = node.inputs;
  const batch = node.shape.slice(0, -2);
  const [rows, columns] = node.shape.slice(-2) as [number, number];
  const [aRows, aColumns] = nodeA.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = nodeB.shape.slice(-2) as [number, number];
  const inner = node.transposeA ? aRows : aColumns;
  const startsA = placesOf(batch, broadcastStrides(nodeA.shape.slice(0, -2), batch));
  const startsB = placesOf(batch, broadcastStrides(nodeB.shape.slice(0, -2), batch));
  const out: Expression[] = [];
  startsA.forEach((placeA, n) => {
    const fromA = placeA * aRows * aColumns;
    const fromB = startsB[n]! * bRows * bColumns;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const terms: Expression[] = [];
        for (let k = 0; k < inner; k++) {
          const left = a[fromA + (node.transposeA ? k * aColumns + i : i * aColumns + k)]!;
          const right = b[fromB + (node.transposeB ? j * bColumns + k : k * bColumns + j)]!;
          terms.push(make.binary('mul', left, right));
        }
        out.push(make.sum(terms));
      }
    }
  });
  return out;
}

function pick(x: readonly Expression[], shape: Shape, strides: readonly number[], start = 0): readonly Expression[] {
  return placesOf(shape, strides, start).map((place) => x[place]!);
}

/** Where each element of a shape lies, row-major, in an operand that advances by the strides. */
function placesOf(shape: Shape, strides: readonly number[], start = 0): number[] {
  let places = [start];
  shape.forEach((length, axis) => {
    const stride = strides[axis]!;
    places = places.flatMap((place) => Array.from({ length }, (_, i) => place + i * stride));
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
