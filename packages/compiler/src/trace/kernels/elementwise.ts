import * as tf from '@tensorflow/tfjs-core';
import { binary, full, scalar, select, unary } from '../../graph/build.ts';
import type { BinaryFunction, Node, UnaryFunction } from '../../graph/graph.ts';
import type { Kernel, Kernels } from './kernel.ts';

// biome-ignore lint/suspicious/noExplicitAny: every kernel has attributes of its own
type Unary = (x: Node, attrs: any) => Node;
type Binary = (a: Node, b: Node) => Node;

const zero = scalar(0);
const one = scalar(1);
const infinity = scalar(Number.POSITIVE_INFINITY);

const times = (x: Node, factor: number) => binary('mul', x, scalar(factor));
const plus = (x: Node, y: Node) => binary('add', x, y);
const inverse = (x: Node) => binary('div', one, x);
const positive = (x: Node) => binary('less', zero, x);
const negative = (x: Node) => binary('less', x, zero);
/** sqrt(1 - x^2), accurate near its zeros. */
const chord = (x: Node) => unary('sqrt', binary('mul', binary('sub', one, x), plus(one, x)));
const sign = (x: Node) => binary('sub', positive(x), negative(x));

/** log(a + sqrt(a^2 + c)) for a large a, whose square may overflow. */
const large = (a: Node, otherwise: Node) =>
  select(binary('less', scalar(1e8), a), plus(unary('log', a), scalar(Math.LN2)), otherwise);

function cosh(x: Node): Node {
  const e = unary('exp', unary('abs', x));
  return times(plus(e, inverse(e)), 0.5);
}

function asinh(x: Node): Node {
  const a = unary('abs', x);
  const square = binary('mul', a, a);
  const root = plus(one, unary('sqrt', plus(square, one)));
  return binary('mul', sign(x), large(a, unary('log1p', plus(a, binary('div', square, root)))));
}

function acosh(x: Node): Node {
  const d = binary('sub', x, one);
  return large(x, unary('log1p', plus(d, unary('sqrt', binary('mul', d, plus(d, scalar(2)))))));
}

function atanh(x: Node): Node {
  const a = unary('abs', x);
  const ratio = binary('div', plus(a, a), binary('sub', one, a));
  return binary('mul', times(sign(x), 0.5), unary('log1p', ratio));
}

/** Functions whose result has the dtype of their operand. */
const keeping: Readonly<Record<string, UnaryFunction | Unary>> = {
  Abs: 'abs',
  Ceil: 'ceil',
  Floor: 'floor',
  Neg: 'neg',
  Round: 'round',
  Sign: sign,
  Square: (x) => binary('mul', x, x),
  Relu: (x) => binary('max', x, zero),
  Relu6: (x) => binary('min', binary('max', x, zero), scalar(6)),
  Step: (x, { alpha }) => (alpha ? select(positive(x), one, scalar(alpha)) : positive(x)),
  ClipByValue: (x, { clipValueMin, clipValueMax }) =>
    binary('min', binary('max', x, scalar(clipValueMin)), scalar(clipValueMax)),
  Identity: (x) => x,
  ZerosLike: (x) => full(x.shape, 0),
  OnesLike: (x) => full(x.shape, 1),
};

/** Functions whose result is float32. */
const floating: Readonly<Record<string, UnaryFunction | Unary>> = {
  Acos: (x) => binary('atan2', chord(x), x),
  Acosh: acosh,
  Asin: (x) => binary('atan2', x, chord(x)),
  Asinh: asinh,
  Atan: 'atan',
  Atanh: atanh,
  Cos: 'cos',
  Cosh: cosh,
  Elu: (x) => select(negative(x), unary('expm1', x), x),
  Erf: 'erf',
  Exp: 'exp',
  Expm1: 'expm1',
  LeakyRelu: (x, { alpha }) => select(negative(x), times(x, alpha), x),
  Log: 'log',
  Log1p: 'log1p',
  Reciprocal: inverse,
  Rsqrt: (x) => inverse(unary('sqrt', x)),
  Selu: (x) => {
    const { SELU_SCALE, SELU_SCALEALPHA } = tf.backend_util;
    return select(negative(x), times(unary('expm1', x), SELU_SCALEALPHA), times(x, SELU_SCALE));
  },
  Sigmoid: 'sigmoid',
  Sin: 'sin',
  // The product keeps the digits near 0, where the difference of exponentials would not.
  Sinh: (x) => binary('mul', unary('tanh', x), cosh(x)),
  Softplus: 'softplus',
  Sqrt: 'sqrt',
  Tan: (x) => binary('div', unary('sin', x), unary('cos', x)),
  Tanh: 'tanh',
};

const testing: Readonly<Record<string, Unary>> = {
  IsFinite: (x) => binary('less', unary('abs', x), infinity),
  IsInf: (x) => binary('equal', unary('abs', x), infinity),
  IsNan: (x) => binary('notEqual', x, x),
  LogicalNot: (x) => binary('sub', one, x),
};

const arithmetic: Readonly<Record<string, BinaryFunction | Binary>> = {
  Add: 'add',
  Atan2: 'atan2',
  FloorDiv: (a, b) => unary('floor', binary('div', a, b)),
  Maximum: 'max',
  Minimum: 'min',
  Mod: 'mod',
  Multiply: 'mul',
  Pow: 'pow',
  RealDiv: 'div',
  SquaredDifference: (a, b) => {
    const difference = binary('sub', a, b);
    return binary('mul', difference, difference);
  },
  Sub: 'sub',
};

const comparing: Readonly<Record<string, BinaryFunction | Binary>> = {
  Equal: 'equal',
  Greater: (a, b) => binary('less', b, a),
  GreaterEqual: (a, b) => binary('lessEqual', b, a),
  Less: 'less',
  LessEqual: 'lessEqual',
  LogicalAnd: 'mul',
  LogicalOr: 'max',
  LogicalXor: 'notEqual',
  NotEqual: 'notEqual',
};

function ofOne(f: UnaryFunction | Unary, dtype?: tf.DataType): Kernel {
  return (call) => {
    const [x] = call.inputs;
    if (!x) throw new RangeError('An operand is missing.');
    const node = typeof f === 'string' ? unary(f, x.node) : f(x.node, call.attrs);
    return { node, dtype: dtype ?? x.dtype };
  };
}

function ofTwo(f: BinaryFunction | Binary, dtype?: tf.DataType): Kernel {
  return (call) => {
    const a = call.input('a');
    const b = call.input('b');
    const node = typeof f === 'string' ? binary(f, a.node, b.node) : f(a.node, b.node);
    return { node, dtype: dtype ?? a.dtype };
  };
}

function cast(x: Node, from: tf.DataType, to: tf.DataType): Node {
  if (from === to || to === 'float32') return x;
  if (to === 'int32') return from === 'float32' ? unary('trunc', x) : x;
  return binary('notEqual', x, zero);
}

const mapped = <T>(table: Readonly<Record<string, T>>, kernel: (f: T) => Kernel): Kernels =>
  Object.fromEntries(Object.entries(table).map(([name, f]) => [name, kernel(f)]));

/** Functions of single elements. */
export const elementwise: Kernels = {
  ...mapped(keeping, (f) => ofOne(f)),
  ...mapped(floating, (f) => ofOne(f, 'float32')),
  ...mapped(testing, (f) => ofOne(f, 'bool')),
  ...mapped(arithmetic, (f) => ofTwo(f)),
  ...mapped(comparing, (f) => ofTwo(f, 'bool')),
  AddN: ({ inputs }) => ({
    node: inputs.map(({ node }) => node).reduce((sum, next) => binary('add', sum, next)),
    dtype: inputs[0]?.dtype ?? 'float32',
  }),
  Cast: (call) => {
    const { node, dtype } = call.input('x');
    return { node: cast(node, dtype, call.attrs.dtype), dtype: call.attrs.dtype };
  },
  Prelu: (call) => {
    const { node } = call.input('x');
    return { node: prelu(node, call.input('alpha').node), dtype: 'float32' };
  },
  Select: (call) => {
    const a = call.input('t');
    return { node: select(call.input('condition').node, a.node, call.input('e').node), dtype: a.dtype };
  },
  FusedBatchNorm: (call) => {
    const { node: x, dtype } = call.input('x');
    const spread = unary('sqrt', plus(call.input('variance').node, scalar(call.attrs.varianceEpsilon ?? 0.001)));
    const centred = binary('sub', x, call.input('mean').node);
    const scale = call.has('scale') ? binary('div', call.input('scale').node, spread) : inverse(spread);
    const scaled = binary('mul', centred, scale);
    return { node: call.has('offset') ? plus(scaled, call.input('offset').node) : scaled, dtype };
  },
};

function prelu(x: Node, alpha: Node): Node {
  return select(negative(x), binary('mul', alpha, x), x);
}

/** The activation that is fused into a matrix product. */
export function activate(x: Node, activation: string, weights: Node | undefined, leakyReluAlpha: number): Node {
  if (activation === 'linear') return x;
  if (activation === 'prelu' && weights) return prelu(x, weights);
  const name = { relu: 'Relu', relu6: 'Relu6', elu: 'Elu', leakyrelu: 'LeakyRelu', sigmoid: 'Sigmoid' }[activation];
  const f = name === undefined ? undefined : (keeping[name] ?? floating[name]);
  if (f === undefined) throw new RangeError(`Unknown activation '${activation}'.`);
  return typeof f === 'string' ? unary(f, x) : f(x, { alpha: leakyReluAlpha });
}
