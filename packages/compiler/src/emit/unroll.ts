import { type Algebra, elementsOf } from '../graph/elements.ts';
import { reduceFunctions } from '../graph/functions.ts';
import { type InputNode, type Node, type Program, programNodes, sizeOf } from '../graph/graph.ts';
import { type Expression, Expressions } from './expression.ts';
import type { Element } from './precision.ts';

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
  const formulas: Algebra<Expression> = {
    input: (input, n) => make.leaf(leaves.push({ input, n }) - 1),
    constant: (value) => make.constant(value),
    unary: (f, a) => make.unary(f, a),
    binary: (f, a, b) => make.binary(f, a, b),
    select: (condition, a, b) => make.select(condition, a, b),
    join(f, operands) {
      if (f === 'sum') return make.sum(operands);
      const { start, by } = reduceFunctions[f];
      return operands.length > 0 ? make.join(by, operands) : make.constant(start);
    },
    known: (a) => (a.op === 'constant' ? a.value : undefined),
  };
  for (const node of programNodes(program)) {
    const operands = node.inputs.map((input) => values.get(input)!);
    values.set(node, elementsOf(node, operands, formulas));
  }
  return { values, leaves, make };
}
