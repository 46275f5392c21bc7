import type { BinaryNode, Node } from './graph.ts';
import { isKnown } from './rules/rule.ts';

const commutative = new Set<string>(['add', 'mul', 'max', 'min', 'equal', 'notEqual']);

function exchanges(node: Node): node is BinaryNode {
  return node.op === 'binary' && commutative.has(node.f);
}

/** Constants come second, where the order does not matter. */
function ordered(node: Node): Node {
  if (!exchanges(node)) return node;
  const [a, b] = node.inputs;
  return isKnown(a) && !isKnown(b) ? { ...node, inputs: [b, a] } : node;
}

/**
 * Gives equal nodes with identical operands one identity, so that nothing is computed twice. The function returned must be
 * given nodes whose operands went through it.
 */
export function interner(): (node: Node) => Node {
  const known = new Map<string, Node>();
  const ids = new Map<Node, number>();
  const idOf = (node: Node): number => {
    let id = ids.get(node);
    if (id === undefined) {
      id = ids.size;
      ids.set(node, id);
    }
    return id;
  };
  return (given) => {
    // An input is itself.
    if (given.op === 'input') return given;
    const node = ordered(given);
    const operands = node.inputs.map(idOf);
    if (exchanges(node)) operands.sort((a, b) => a - b);
    const key = `${node.op} ${attributesOf(node)} ${operands} : ${node.shape}`;
    const same = known.get(key);
    if (same === undefined) {
      known.set(key, node);
      return node;
    }
    return node.op === 'constant' && same.op === 'constant' && !sameValues(node.values, same.values) ? node : same;
  };
}

/** What an operation is, besides its operands and its shape. */
export function attributesOf(node: Node): string {
  switch (node.op) {
    case 'input':
      return `${node.role} ${node.index}`;
    case 'constant':
      return node.values.length <= 8 ? listed(node.values) : `${listed(node.values.subarray(0, 3))} .. ${hash(node)}`;
    case 'unary':
    case 'binary':
      return node.f;
    case 'matMul':
      return `${node.transposeA ? 'transposed' : 'plain'} ${node.transposeB ? 'transposed' : 'plain'}`;
    case 'reduce':
      return `${node.f} over ${node.axes}`;
    case 'transpose':
      return `${node.order}`;
    case 'slice':
      return node.strides.every((stride) => stride === 1)
        ? `from ${node.begin}`
        : `from ${node.begin} by ${node.strides}`;
    case 'concat':
    case 'gather':
    case 'scatterAdd':
      return `along ${node.axis}`;
    case 'pad':
      return `${node.value} before ${node.before}`;
    case 'scan':
      return `${node.f} along ${node.axis}${node.exclusive ? ' exclusive' : ''}${node.reverse ? ' reverse' : ''}`;
    default:
      return '';
  }
}

function listed(values: Float64Array): string {
  return Array.from(values, (value) => (Object.is(value, -0) ? '-0' : String(value))).join(' ');
}

/** Tells most constants apart, by some of their values. */
function hash({ values }: { readonly values: Float64Array }): number {
  const step = Math.ceil(values.length / 64);
  let sum = values.length;
  for (let n = 0; n < values.length; n += step) sum = (Math.imul(sum, 31) + (((values[n] as number) * 4096) | 0)) | 0;
  return sum;
}

function sameValues(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, n) => Object.is(value, b[n]));
}
