import { type Node, type Program, programNodes, sizeOf } from './graph.ts';
import { attributesOf } from './intern.ts';

/** Operations that compute nothing: the elements stay where they are, or are known. */
const free = new Set(['input', 'constant', 'reshape', 'broadcast']);

/** How many nodes a program has. */
export interface ProgramCounts {
  readonly nodes: number;
  /** Nodes that compute or move something. */
  readonly operations: number;
  /** Elements that the operations make. */
  readonly elements: number;
  readonly byOperation: Readonly<Record<string, number>>;
}

const kindOf = (node: Node) => (node.op === 'unary' || node.op === 'binary' ? node.f : node.op);

/** Counts the nodes of a program. */
export function countProgram(program: Program): ProgramCounts {
  const nodes = programNodes(program);
  const operations = nodes.filter(({ op }) => !free.has(op));
  const byOperation: Record<string, number> = {};
  for (const node of nodes) byOperation[kindOf(node)] = (byOperation[kindOf(node)] ?? 0) + 1;
  return {
    nodes: nodes.length,
    operations: operations.length,
    elements: operations.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    byOperation,
  };
}

/**
 * A program for people: one line a node, in an order of evaluation, as `%4 = mul %1 %3 : [2,50]`, then the outputs and
 * the counts.
 */
export function explain(program: Program): string {
  const nodes = programNodes(program);
  const names = new Map(nodes.map((node, n) => [node, `%${n}`]));
  const lines = nodes.map((node) => {
    const kind = kindOf(node);
    const attributes = attributesOf(node);
    const operands = (node.inputs as readonly Node[]).map((input) => names.get(input));
    const words = [kind, attributes === kind ? '' : attributes, ...operands].filter((word) => word !== '');
    return `${names.get(node)} = ${words.join(' ')} : [${node.shape}]`;
  });
  for (const [name, results] of Object.entries(program.outputs)) {
    lines.push(`${name} = ${results.map((node) => names.get(node)).join(' ')}`);
  }
  const { operations, elements } = countProgram(program);
  lines.push(`${nodes.length} nodes, ${operations} operations, ${elements} elements`);
  return lines.join('\n');
}
