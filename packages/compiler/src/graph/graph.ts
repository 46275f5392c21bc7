import { postorder } from './postorder.ts';

/**
 * The graph that a traced field becomes. All values are floating, in the precision that is compiled for (float32 or
 * float64); a truth value is 0 or 1, an index a whole number. Nodes are immutable and compared by identity, and what a
 * node reads is in `inputs`, so that any code can walk a graph without knowing its operations.
 */

/** Sizes of the axes, row-major; `[]` is a scalar. */
export type Shape = readonly number[];

/** What an input stands for. */
export type Role = 't' | 'y' | 'parameter' | 'cotangent' | 'tape';

/** Functions of one number. `round` rounds half to even; `trunc` towards zero. */
export type UnaryFunction =
  | 'neg'
  | 'abs'
  | 'sqrt'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'trunc'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sin'
  | 'cos'
  | 'atan'
  | 'tanh'
  | 'sigmoid'
  | 'softplus'
  | 'erf';

/**
 * Functions of two numbers. `max` and `min` are NaN when either is; `mod` has the sign of the divisor,
 * a - b floor(a / b); comparisons give 0 or 1. Greater is less with its operands swapped; on truth values, and is `mul`,
 * or is `max`, xor is `notEqual`, not is 1 - x.
 */
export type BinaryFunction =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'pow'
  | 'mod'
  | 'max'
  | 'min'
  | 'atan2'
  | 'equal'
  | 'notEqual'
  | 'less'
  | 'lessEqual';

/** How the elements along the reduced axes are joined. */
export type ReduceFunction = 'sum' | 'prod' | 'max' | 'min';

interface NodeOf<Op extends string, Inputs extends readonly Node[]> {
  readonly op: Op;
  readonly shape: Shape;
  /** The nodes that this one reads, in order. */
  readonly inputs: Inputs;
}

/**
 * A value given from outside: the time (a scalar), a leaf of the state, a parameter, a cotangent of a slope's leaf, an
 * array that another program computed.
 */
export interface InputNode extends NodeOf<'input', readonly []> {
  readonly role: Role;
  /** Which leaf or parameter; 0 for t. */
  readonly index: number;
}

/**
 * Values known now, row-major. A constant whose elements are all equal is a scalar one below a {@link BroadcastNode}, or
 * read by an operation that broadcasts.
 */
export interface ConstantNode extends NodeOf<'constant', readonly []> {
  readonly values: Float64Array;
}

/** f(x) of each element. */
export interface UnaryNode extends NodeOf<'unary', readonly [Node]> {
  readonly f: UnaryFunction;
}

/** f(a, b) of each pair of elements; `shape` is that of both operands broadcast as in NumPy. */
export interface BinaryNode extends NodeOf<'binary', readonly [Node, Node]> {
  readonly f: BinaryFunction;
}

/** condition != 0 ? a : b, elementwise, all three broadcast as in NumPy. What is not chosen may be NaN. */
export interface SelectNode extends NodeOf<'select', readonly [condition: Node, a: Node, b: Node]> {}

/**
 * The matrix product of the last two axes of a and b (both at least of rank 2), each transposed first when its flag is
 * set; the axes before are broadcast as in NumPy.
 */
export interface MatMulNode extends NodeOf<'matMul', readonly [a: Node, b: Node]> {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Joins the elements along `axes` (ascending, at least one) and drops those axes. An empty sum is 0, a product 1. */
export interface ReduceNode extends NodeOf<'reduce', readonly [Node]> {
  readonly f: ReduceFunction;
  readonly axes: readonly number[];
}

/** The same elements in the same order in another shape. */
export interface ReshapeNode extends NodeOf<'reshape', readonly [Node]> {}

/** Axis n of the result is axis `order[n]` of the operand. */
export interface TransposeNode extends NodeOf<'transpose', readonly [Node]> {
  readonly order: readonly number[];
}

/** Element i along axis n is element begin[n] + i * strides[n] of the operand; a stride may be negative. */
export interface SliceNode extends NodeOf<'slice', readonly [Node]> {
  readonly begin: readonly number[];
  readonly strides: readonly number[];
}

/** The operands one after the other along `axis`. */
export interface ConcatNode extends NodeOf<'concat', readonly Node[]> {
  readonly axis: number;
}

/** The operand with margins of `value`: `before[n]` elements before it along axis n, and so many after as `shape` has room for. */
export interface PadNode extends NodeOf<'pad', readonly [Node]> {
  readonly before: readonly number[];
  readonly value: number;
}

/** The operand repeated along new leading axes and axes of size 1, as NumPy broadcasts. */
export interface BroadcastNode extends NodeOf<'broadcast', readonly [Node]> {}

/**
 * Element i along `axis` of the result is element indices[i] along `axis` of x. The indices are of rank 1, mostly a
 * constant; one out of range is brought into range.
 */
export interface GatherNode extends NodeOf<'gather', readonly [x: Node, indices: Node]> {
  readonly axis: number;
}

/**
 * The transpose of {@link GatherNode}: zeros of `shape`, to which element i along `axis` of the updates is added at
 * indices[i]; an index out of range is brought into range.
 */
export interface ScatterAddNode extends NodeOf<'scatterAdd', readonly [updates: Node, indices: Node]> {
  readonly axis: number;
}

/** Running sums or products along `axis`; `exclusive` leaves out the element itself, `reverse` runs from the end. */
export interface ScanNode extends NodeOf<'scan', readonly [Node]> {
  readonly f: 'sum' | 'prod';
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** One operation of a graph. */
export type Node =
  | InputNode
  | ConstantNode
  | UnaryNode
  | BinaryNode
  | SelectNode
  | MatMulNode
  | ReduceNode
  | ReshapeNode
  | TransposeNode
  | SliceNode
  | ConcatNode
  | PadNode
  | BroadcastNode
  | GatherNode
  | ScatterAddNode
  | ScanNode;

/** All that a program may be given; what it does not read is among them too. */
export interface Inputs {
  readonly t: InputNode;
  readonly y: readonly InputNode[];
  readonly parameters: readonly InputNode[];
  /** Of the slope's leaves, for a vector-Jacobian product; else empty. */
  readonly cotangent: readonly InputNode[];
  /** Arrays that another program computed; default none. */
  readonly tape?: readonly InputNode[];
}

/** Named lists of results. */
export type Outputs = Readonly<Record<string, readonly Node[]>>;

/** A graph with its inputs and results. A result may be an input, a constant, or the same node as another. */
export interface Program<O extends Outputs = Outputs> {
  readonly inputs: Inputs;
  readonly outputs: O;
}

/** f(t, y): `slope` has the leaves of y. */
export type SlopeProgram = Program<{ readonly slope: readonly Node[] }>;

/**
 * cotangent . df/d(t, y, parameters): `y` and `parameters` have the inputs' leaves, `t` is one scalar. Nothing is missing:
 * where f does not depend on an input, its cotangent is a broadcast zero.
 */
export type VjpProgram = Program<{
  readonly y: readonly Node[];
  readonly parameters: readonly Node[];
  readonly t: readonly Node[];
}>;

/** The number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** All nodes that some results depend on, each once and after those that it reads. */
export function nodesOf(results: Iterable<Node>): Node[] {
  return postorder(results, (node: Node) => node.inputs);
}

/** All nodes of a program, each after those that it reads; inputs that nothing reads are left out. */
export function programNodes(program: Program): Node[] {
  return nodesOf(Object.values(program.outputs).flat());
}
