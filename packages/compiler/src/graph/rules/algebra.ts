import { binary, full, scalar, select, unary } from '../build.ts';
import { type BinaryFunction, type BinaryNode, type Node, sizeOf } from '../graph.ts';
import { as, isTruth, type Rule, scalarOf } from './rule.ts';

/*
 * Identities of arithmetic; constants come second, where the order does not matter. They hold in floating point to within a rounding or two, but for the sign of a zero. Not used,
 * since they hide that a value is infinite or NaN: x * 0 = 0, x - x = 0, x / x = 1; the first only where x is 0 or 1.
 */

const negated = (node: Node): Node | undefined =>
  node.op === 'unary' && node.f === 'neg' ? node.inputs[0] : undefined;
const mul = (a: Node, b: Node) => binary('mul', a, b);
const div = (a: Node, b: Node) => binary('div', a, b);
const neg = (x: Node) => unary('neg', x);
const isBinary = <F extends BinaryFunction>(node: Node, f: F): node is BinaryNode & { readonly f: F } =>
  node.op === 'binary' && node.f === f;

/** Whether a product of constants is as good as two products: it neither overflows nor underflows, in float32 either. */
function isTame(value: number): boolean {
  const size = Math.abs(value);
  return size > 1e-30 && size < 1e30;
}

/** 2^k for a k so small that both it and its inverse are normal numbers in float32. */
function isPowerOfTwo(value: number): boolean {
  const k = Math.log2(Math.abs(value));
  return Number.isInteger(k) && Math.abs(k) <= 126 && 2 ** k === Math.abs(value);
}

function add(a: Node, b: Node, node: Node): Node | undefined {
  if (scalarOf(b) === 0) return as(a, node);
  const minusB = negated(b);
  if (minusB) return binary('sub', a, minusB);
  const minusA = negated(a);
  return minusA && binary('sub', b, minusA);
}

function sub(a: Node, b: Node, node: Node): Node | undefined {
  if (scalarOf(b) === 0) return as(a, node);
  if (scalarOf(a) === 0) return as(neg(b), node);
  const minusB = negated(b);
  return minusB && binary('add', a, minusB);
}

function multiply(a: Node, b: Node, node: Node): Node | undefined {
  const c = scalarOf(b);
  if (c === 1) return as(a, node);
  if (c === -1) return as(neg(a), node);
  if (c === 0 && isTruth(a)) return full(node.shape, 0);
  const minusA = negated(a);
  const minusB = negated(b);
  if (minusA) return minusB ? mul(minusA, minusB) : c === undefined ? neg(mul(minusA, b)) : mul(minusA, scalar(-c));
  if (minusB) return neg(mul(a, minusB));
  if (c === undefined) return factorOnSmaller(a, b, node) ?? factorOnSmaller(b, a, node);
  if (a.op !== 'binary') return undefined;
  // (x c1) c = x (c1 c), and (c1 / x) c = (c1 c) / x.
  const [x, y] = a.inputs;
  const inner = scalarOf(a.f === 'div' ? x : y);
  if (inner === undefined || !isTame(inner) || !isTame(c) || !isTame(inner * c)) return undefined;
  if (a.f === 'mul') return as(mul(x, scalar(inner * c)), node);
  return a.f === 'div' ? as(div(scalar(inner * c), y), node) : undefined;
}

/** x (y c) = (x c) y, where x is smaller than y or has a factor that c joins. */
function factorOnSmaller(x: Node, product: Node, node: Node): Node | undefined {
  if (!isBinary(product, 'mul')) return undefined;
  const [y, factor] = product.inputs;
  const c = scalarOf(factor);
  if (c === undefined || !isTame(c)) return undefined;
  const joins = isBinary(x, 'mul') && scalarOf(x.inputs[1]) !== undefined;
  return joins || sizeOf(x.shape) < sizeOf(y.shape) ? as(mul(mul(x, scalar(c)), y), node) : undefined;
}

function divide(a: Node, b: Node, node: Node): Node | undefined {
  const c = scalarOf(b);
  if (c === 1) return as(a, node);
  if (c !== undefined && isPowerOfTwo(c)) return as(mul(a, scalar(1 / c)), node);
  const numerator = scalarOf(a);
  const minusA = negated(a);
  const minusB = negated(b);
  if (minusA) return c === undefined ? neg(div(minusA, b)) : as(div(minusA, scalar(-c)), node);
  if (minusB) return numerator === undefined ? neg(div(a, minusB)) : as(div(scalar(-numerator), minusB), node);
  return undefined;
}

/** Powers that are a few products or a root: pow costs some thirty products. */
function power(x: Node, exponent: Node, node: Node): Node | undefined {
  const p = scalarOf(exponent);
  if (p === undefined) return undefined;
  // One reciprocal serves all negative powers of a number, which is what a derivative asks for.
  const result = positivePower(p < 0 ? div(scalar(1), x) : x, Math.abs(p));
  return result && as(result, node);
}

function positivePower(x: Node, p: number): Node | undefined {
  if (p === 0) return scalar(1);
  if (p === 1) return x;
  if (p === 2) return mul(x, x);
  if (p === 3) return mul(mul(x, x), x);
  if (p === 4) return mul(mul(x, x), mul(x, x));
  if (p === 0.5) return unary('sqrt', x);
  if (p === 1.5) return mul(x, unary('sqrt', x));
  return p === 2.5 ? mul(mul(x, x), unary('sqrt', x)) : undefined;
}

function compare({ f, inputs: [a, b] }: BinaryNode, node: Node): Node | undefined {
  // Truth values asked whether they are true.
  if (f === 'notEqual' && scalarOf(b) === 0 && isTruth(a)) return as(a, node);
  if (f === 'equal' && scalarOf(b) === 0 && isTruth(a)) return as(binary('sub', scalar(1), a), node);
  if (f === 'less' && scalarOf(a) === 0 && isTruth(b)) return as(b, node);
  return undefined;
}

/** Sums, products, powers and comparisons. */
export const simplifyBinary: Rule = (node) => {
  if (node.op !== 'binary') return undefined;
  const [a, b] = node.inputs;
  switch (node.f) {
    case 'add':
      return add(a, b, node);
    case 'sub':
      return sub(a, b, node);
    case 'mul':
      return multiply(a, b, node);
    case 'div':
      return divide(a, b, node);
    case 'pow':
      return power(a, b, node);
    case 'max':
    case 'min':
      return a === b ? a : undefined;
    default:
      return compare(node, node);
  }
};

/** Signs move outward, where they meet a sum or another sign. */
export const simplifyUnary: Rule = (node) => {
  if (node.op !== 'unary') return undefined;
  const [x] = node.inputs;
  if (node.f === 'abs') {
    const inner = x.op === 'unary' && (x.f === 'neg' || x.f === 'abs') ? x.inputs[0] : undefined;
    return inner && unary('abs', inner);
  }
  if (node.f !== 'neg') return undefined;
  const plain = negated(x);
  if (plain) return plain;
  if (isBinary(x, 'sub')) return binary('sub', x.inputs[1], x.inputs[0]);
  if (!isBinary(x, 'mul') && !isBinary(x, 'div')) return undefined;
  const [a, b] = x.inputs;
  const first = scalarOf(a);
  const second = scalarOf(b);
  if (second !== undefined) return as(binary(x.f, a, scalar(-second)), node);
  return first === undefined ? undefined : as(binary(x.f, scalar(-first), b), node);
};

/** Choices that are known, or said in a roundabout way. */
export const simplifySelect: Rule = (node) => {
  if (node.op !== 'select') return undefined;
  const [condition, a, b] = node.inputs;
  const known = scalarOf(condition);
  if (known !== undefined) return as(known !== 0 ? a : b, node);
  if (a === b) return as(a, node);
  if (condition.op === 'binary' && scalarOf(condition.inputs[1]) === 0) {
    const [inner] = condition.inputs;
    if (condition.f === 'notEqual') return as(select(inner, a, b), node);
    if (condition.f === 'equal') return as(select(inner, b, a), node);
  }
  if (isBinary(condition, 'sub') && scalarOf(condition.inputs[0]) === 1 && isTruth(condition.inputs[1])) {
    return as(select(condition.inputs[1], b, a), node);
  }
  if (!isTruth(condition)) return undefined;
  if (scalarOf(a) === 1 && scalarOf(b) === 0) return as(condition, node);
  return scalarOf(a) === 0 && scalarOf(b) === 1 ? as(binary('sub', scalar(1), condition), node) : undefined;
};
