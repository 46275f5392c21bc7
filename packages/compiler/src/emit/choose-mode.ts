import { type Node, type Program, programNodes, sizeOf } from '../graph/graph.ts';
import { costOf, functionCost } from './cost.ts';
import { expressionsOf } from './evaluator.ts';
import { fuse, isElementwise, isView } from './fusion.ts';
import type { Element } from './precision.ts';
import { countOperations, unrolledOf } from './unroll.ts';

/** Programs of more operations on single numbers would make too much straight code. */
const mostOperations = 4000;
/** What a group of loops costs beside its arithmetic, in additions. */
const groupCost = 40;

/**
 * Whether a program runs faster as straight code than as loops. Estimated in additions: straight code does one number at a
 * time but only what is left after simplification (products with matrices of zeros and ones vanish); loops do vectors, and
 * pay for each group.
 */
export function runsUnrolled(program: Program, element: Element): boolean {
  if (countOperations(program) > mostOperations) return false;
  const { values } = unrolledOf(program, element);
  const roots = Object.values(program.outputs).flatMap((nodes) => nodes.flatMap((node) => values.get(node)!));
  let straight = 0;
  for (const expression of expressionsOf(roots)) straight += costOf(expression);
  let loops = 0;
  const { groups } = fuse(programNodes(program), new Set());
  for (const { nodes } of groups) {
    const [first] = nodes;
    if (isView(first!) || first!.op === 'input' || first!.op === 'constant') continue;
    loops += groupCost;
    for (const node of nodes) loops += operationsOf(node) / element.lanes;
  }
  return straight <= loops;
}

/** About how many additions a node's arithmetic is worth. */
export function operationsOf(node: Node): number {
  const size = sizeOf(node.shape);
  if (isElementwise(node)) return size * (node.op === 'select' ? 1 : functionCost((node as { f: string }).f));
  if (node.op === 'matMul') return 2 * size * node.inputs[0].shape.at(node.transposeA ? -2 : -1)!;
  if (node.op === 'reduce') return sizeOf(node.inputs[0].shape);
  return size * moveCost(node);
}

/** What moves numbers one by one. */
function moveCost(node: Node): number {
  return node.op === 'gather' || node.op === 'scatterAdd' ? 4 : 1;
}
