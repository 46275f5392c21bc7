import type { Node } from '../graph/graph.ts';

/** A part of a program that is done by one piece of code. */
export interface Group {
  /** In an order in which each comes after what it reads. */
  readonly nodes: Node[];
}

/** How a program's nodes are divided into groups. */
export interface Fusion {
  /** Each after those that it reads from. */
  readonly groups: readonly Group[];
  readonly groupOf: ReadonlyMap<Node, Group>;
}

export function isElementwise(node: Node): boolean {
  return node.op === 'unary' || node.op === 'binary' || node.op === 'select';
}

/** What only looks at another node's elements in another way; whether it can without a copy depends on the strides. */
export function isView(node: Node): boolean {
  return node.op === 'reshape' || node.op === 'transpose' || node.op === 'slice' || node.op === 'broadcast';
}

/** A shape without its axes of length 1: elementwise work on equal ones is done by the same loops. */
export function squeezed(shape: readonly number[]): string {
  return shape.filter((length) => length !== 1).join();
}

/** The node itself, or the one below reshapes that only add or drop axes of length 1. */
export function unsqueezed(node: Node): Node {
  let at = node;
  while (at.op === 'reshape' && squeezed(at.shape) === squeezed(at.inputs[0].shape)) at = at.inputs[0];
  return at;
}

/**
 * Divides nodes (each after its inputs) into groups: elementwise nodes of one shape join those that they read where no
 * circle between groups would arise; what only a reduction reads joins the reduction; a product that only elementwise nodes
 * of one group read, of its shape, comes first in their group; every other node is alone. `results` are read from outside.
 */
export function fuse(nodes: readonly Node[], results: ReadonlySet<Node>): Fusion {
  const groupOf = new Map<Node, Group>();
  const readers = readersOf(nodes);
  // Backwards, so that whoever reads a node has its place already.
  for (const node of [...nodes].reverse()) {
    if (node.op === 'reduce') groupOf.set(node, { nodes: [] });
    if (!isElementwise(node) || results.has(node)) continue;
    const homes = new Set(readers.get(node)!.map((reader) => groupOf.get(reader)));
    const [home] = homes;
    if (homes.size !== 1 || !home) continue;
    const fits = readers.get(node)!.every((reader) => {
      const shape = reader.op === 'reduce' ? unsqueezed(reader.inputs[0]).shape : reader.shape;
      return squeezed(shape) === squeezed(node.shape);
    });
    if (fits) groupOf.set(node, home);
  }
  const groups = new Set<Group>();
  for (const node of nodes) {
    if (unsqueezed(node) !== node) continue;
    let group = groupOf.get(node);
    if (!group && isElementwise(node)) group = groupToJoin(node, groupOf);
    group ??= { nodes: [] };
    group.nodes.push(node);
    groupOf.set(node, group);
    groups.add(group);
  }
  for (const node of nodes) {
    const home = node.op === 'matMul' && !results.has(node) && soleReader(node, readers, groupOf);
    if (!home) continue;
    groups.delete(groupOf.get(node)!);
    home.nodes.unshift(node);
    groupOf.set(node, home);
  }
  return { groups: inOrder(groups, groupOf), groupOf };
}

/** The group of elementwise nodes of its shape that alone reads a product, where that has no other product. */
function soleReader(
  product: Node,
  readers: ReadonlyMap<Node, readonly Node[]>,
  groupOf: ReadonlyMap<Node, Group>,
): Group | undefined {
  const readBy = readers.get(product)!;
  const [home] = readBy.map((reader) => groupOf.get(reader));
  const fits = readBy.every(
    (reader) =>
      groupOf.get(reader) === home && isElementwise(reader) && squeezed(reader.shape) === squeezed(product.shape),
  );
  return home && fits && home.nodes.every(isElementwise) ? home : undefined;
}

/** Who reads each node, seen through reshapes that change nothing. */
function readersOf(nodes: readonly Node[]): Map<Node, Node[]> {
  const readers = new Map<Node, Node[]>(nodes.map((node) => [node, []]));
  for (const node of nodes) {
    if (unsqueezed(node) !== node) continue;
    for (const input of node.inputs) readers.get(unsqueezed(input))!.push(node);
  }
  return readers;
}

function groupToJoin(node: Node, groupOf: ReadonlyMap<Node, Group>): Group | undefined {
  const candidates = new Set<Group>();
  for (const input of node.inputs) {
    const source = unsqueezed(input);
    const group = groupOf.get(source);
    if (group && isElementwise(source) && squeezed(source.shape) === squeezed(node.shape)) candidates.add(group);
  }
  for (const group of candidates) {
    const outside = node.inputs.map((input) => groupOf.get(unsqueezed(input))).filter((other) => other !== group);
    if (!outside.some((other) => other && reaches(other, group, groupOf))) return group;
  }
  return undefined;
}

/** Whether a group depends on another one. */
function reaches(from: Group, to: Group, groupOf: ReadonlyMap<Node, Group>): boolean {
  const seen = new Set<Group>([from]);
  const open = [from];
  for (let group = open.pop(); group; group = open.pop()) {
    if (group === to) return true;
    for (const node of group.nodes) {
      for (const input of node.inputs) {
        const next = groupOf.get(unsqueezed(input));
        if (next && !seen.has(next)) {
          seen.add(next);
          open.push(next);
        }
      }
    }
  }
  return false;
}

function inOrder(groups: ReadonlySet<Group>, groupOf: ReadonlyMap<Node, Group>): Group[] {
  const done = new Set<Group>();
  const order: Group[] = [];
  const visit = (first: Group) => {
    const stack = [{ group: first, inputs: inputsOf(first, groupOf), next: 0 }];
    done.add(first);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const input = top.inputs[top.next++];
      if (!input) {
        order.push(top.group);
        stack.pop();
      } else if (!done.has(input)) {
        done.add(input);
        stack.push({ group: input, inputs: inputsOf(input, groupOf), next: 0 });
      }
    }
  };
  for (const group of groups) if (!done.has(group)) visit(group);
  return order;
}

function inputsOf(group: Group, groupOf: ReadonlyMap<Node, Group>): Group[] {
  return group.nodes
    .flatMap(({ inputs }) => inputs.map((input) => groupOf.get(unsqueezed(input))!))
    .filter((g) => g !== group);
}
