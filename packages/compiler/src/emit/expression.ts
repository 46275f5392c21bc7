import { binaryFunctions, unaryFunctions } from '../graph/functions.ts';
import type { BinaryFunction, UnaryFunction } from '../graph/graph.ts';
import type { Precision } from './precision.ts';

interface ExpressionOf<Op extends string, Inputs extends readonly Expression[]> {
  readonly op: Op;
  /** Unique in its {@link Expressions}, and above those of its inputs. */
  readonly id: number;
  readonly inputs: Inputs;
  /** Two numbers, in the lanes of a vector; only where a program of single numbers was packed. */
  readonly wide?: boolean;
}

export interface ConstantExpression extends ExpressionOf<'constant', readonly []> {
  readonly value: number;
}

/** A number loaded from somewhere; what `leaf` means is the business of who loads it. */
export interface LeafExpression extends ExpressionOf<'leaf', readonly []> {
  readonly leaf: number;
  /** How a wide one is loaded: with the leaf behind it, or into both lanes. */
  readonly load?: 'neighbours' | 'splat';
}

export interface UnaryExpression extends ExpressionOf<'unary', readonly [Expression]> {
  readonly f: UnaryFunction;
}

export interface BinaryExpression extends ExpressionOf<'binary', readonly [Expression, Expression]> {
  readonly f: BinaryFunction;
}

export interface SelectExpression
  extends ExpressionOf<'select', readonly [condition: Expression, a: Expression, b: Expression]> {}

/** One number in both lanes of a vector. */
export interface SplatExpression extends ExpressionOf<'splat', readonly [Expression]> {}

/** Two numbers brought into one vector. */
export interface PairExpression extends ExpressionOf<'pair', readonly [Expression, Expression]> {}

/** Lane `lanes[0]` of one wide expression and lane `lanes[1]` of another one. */
export interface PickExpression extends ExpressionOf<'pick', readonly [Expression, Expression]> {
  readonly lanes: readonly [0 | 1, 0 | 1];
}

/** A number taken out of a wide expression. */
export interface LaneExpression extends ExpressionOf<'lane', readonly [Expression]> {
  readonly lane: 0 | 1;
}

/** A formula of one number, or of one vector of them: equal formulas of one {@link Expressions} are one object. */
export type Expression =
  | ConstantExpression
  | LeafExpression
  | UnaryExpression
  | BinaryExpression
  | SelectExpression
  | SplatExpression
  | PairExpression
  | PickExpression
  | LaneExpression;

const odd: ReadonlySet<UnaryFunction> = new Set(['sin', 'tanh', 'erf', 'atan', 'floor', 'round', 'trunc', 'ceil']);
/** What an odd function's partner under negation is: -floor(x) = ceil(-x). */
const mirrored: Readonly<Record<string, UnaryFunction>> = { floor: 'ceil', ceil: 'floor' };
/** Functions of two numbers whose order does not matter. */
export const commutative: ReadonlySet<BinaryFunction> = new Set(['add', 'mul', 'max', 'min', 'equal', 'notEqual']);
/** Far more than are ever made, and few enough that two of their numbers make one exact number. */
const mostExpressions = 2 ** 26;
/** The powers that products, one reciprocal and one square root give within 4 ulp. */
const largestPower = 3;

/**
 * Makes expressions, simplified while they are made: constants folded in the precision, equal ones shared, negations
 * drawn outwards until a sum absorbs them, powers by small constants turned into products. As everywhere in this compiler
 * x * 0 and x - x are 0, so matrices of zeros and ones cost nothing: a NaN or an infinity that only such a product would
 * have carried on is lost. Products of constants are joined, as is nothing else that is rounded.
 */
export class Expressions {
  readonly #round: (x: number) => number;
  readonly #smallest: number;
  /** For each operation what was made by it, by its operands. */
  readonly #known = new Map<string, Map<number | string, Expression>>();
  #count = 0;

  constructor(precision: Precision) {
    this.#round = precision === 'float32' ? Math.fround : (x) => x;
    this.#smallest = precision === 'float32' ? 2 ** -126 : 2 ** -1022;
  }

  /** How many different expressions were made. */
  get count(): number {
    return this.#count;
  }

  constant(value: number): Expression {
    const rounded = this.#round(value);
    // A Map takes -0 for 0.
    const key = Object.is(rounded, -0) ? '-0' : rounded;
    return this.#make('constant', key, (id) => ({ op: 'constant', id, inputs: [], value: rounded }));
  }

  leaf(leaf: number): Expression {
    return this.#make('leaf', leaf, (id) => ({ op: 'leaf', id, inputs: [], leaf }));
  }

  unary(f: UnaryFunction, a: Expression): Expression {
    if (a.op === 'constant') return this.constant(unaryFunctions[f](a.value));
    const negated = a.op === 'unary' && a.f === 'neg' ? a.inputs[0] : undefined;
    if (f === 'neg') {
      if (negated) return negated;
    } else if (negated) {
      if (odd.has(f)) return this.unary('neg', this.unary(mirrored[f] ?? f, negated));
      if (f === 'abs' || f === 'cos') return this.unary(f, negated);
    } else if (f === 'abs' && a.op === 'unary' && (a.f === 'abs' || a.f === 'sqrt' || a.f === 'exp')) {
      return a;
    }
    return this.#make(f, a.id, (id) => ({ op: 'unary', id, f, inputs: [a] }));
  }

  binary(f: BinaryFunction, a: Expression, b: Expression): Expression {
    if (a.op === 'constant' && b.op === 'constant') return this.constant(binaryFunctions[f](a.value, b.value));
    if (commutative.has(f) && (a.op === 'constant' || (b.op !== 'constant' && a.id > b.id)))
      return this.binary(f, b, a);
    const known = this.#simplify(f, a, b);
    return known ?? this.#make(f, a.id * mostExpressions + b.id, (id) => ({ op: 'binary', id, f, inputs: [a, b] }));
  }

  select(condition: Expression, a: Expression, b: Expression): Expression {
    if (condition.op === 'constant') return condition.value !== 0 ? a : b;
    if (a === b) return a;
    return this.#make('select', `${condition.id} ${a.id} ${b.id}`, (id) => ({
      op: 'select',
      id,
      inputs: [condition, a, b],
    }));
  }

  /** The same operation on what its inputs have become. */
  again(expression: Expression, become: ReadonlyMap<Expression, Expression>): Expression {
    if (expression.inputs.every((input) => become.get(input) === input)) return expression;
    const [a, b, c] = expression.inputs.map((input) => become.get(input)!);
    switch (expression.op) {
      case 'unary':
        return this.unary(expression.f, a!);
      case 'binary':
        return this.binary(expression.f, a!, b!);
      case 'select':
        return this.select(a!, b!, c!);
      default:
        return expression;
    }
  }

  /** The operands joined pairwise, so that many do not wait for each other and rounding errors grow slowly. */
  join(f: BinaryFunction, operands: readonly Expression[]): Expression {
    if (operands.length === 1) return operands[0]!;
    if (operands.length <= 3) return operands.reduce((a, b) => this.binary(f, a, b));
    const half = operands.length >> 1;
    return this.binary(f, this.join(f, operands.slice(0, half)), this.join(f, operands.slice(half)));
  }

  sum(operands: readonly Expression[]): Expression {
    const terms = operands.filter((x) => !(x.op === 'constant' && x.value === 0));
    return terms.length === 0 ? this.constant(0) : this.join('add', terms);
  }

  #simplify(f: BinaryFunction, a: Expression, b: Expression): Expression | undefined {
    const minusA = this.#minus(a, f);
    const minusB = this.#minus(b, f);
    switch (f) {
      case 'add':
        if (b.op === 'constant' && b.value === 0) return a;
        if (minusA && minusB) return this.unary('neg', this.binary('add', minusA, minusB));
        if (minusB) return this.binary('sub', a, minusB);
        if (minusA) return this.binary('sub', b, minusA);
        return undefined;
      case 'sub':
        if (a === b) return this.constant(0);
        if (a.op === 'constant' && a.value === 0) return this.unary('neg', b);
        if (b.op === 'constant') return this.binary('add', a, this.constant(-b.value));
        if (minusA && minusB) return this.binary('sub', minusB, minusA);
        if (minusB) return this.binary('add', a, minusB);
        if (minusA) return this.unary('neg', this.binary('add', minusA, b));
        // One of a - b and b - a serves both.
        if (a.op !== 'constant' && a.id > b.id) return this.unary('neg', this.binary('sub', b, a));
        return undefined;
      case 'mul':
        if (b.op === 'constant' && !(b.value < 0) && !minusA) return this.#scale(a, b.value);
        if (minusA && minusB) return this.binary('mul', minusA, minusB);
        if (minusA) return this.unary('neg', this.binary('mul', minusA, b));
        if (minusB) return this.unary('neg', this.binary('mul', a, minusB));
        return undefined;
      case 'div':
        if (b.op === 'constant') {
          if (b.value === 1) return a;
          const inverse = 1 / b.value;
          if (isPowerOfTwo(b.value) && Number.isFinite(inverse)) return this.binary('mul', a, this.constant(inverse));
        }
        if (minusA && minusB) return this.binary('div', minusA, minusB);
        if (minusA) return this.unary('neg', this.binary('div', minusA, b));
        if (minusB) return this.unary('neg', this.binary('div', a, minusB));
        return undefined;
      case 'pow':
        return b.op === 'constant' ? this.#power(a, b.value) : undefined;
      case 'max':
      case 'min':
        return a === b ? a : undefined;
      default:
        return undefined;
    }
  }

  /** What a negation negates; a negative factor is one, so that x * -2 and x * 2 are one product. */
  #minus(a: Expression, f: BinaryFunction): Expression | undefined {
    if (a.op === 'constant') return a.value < 0 && (f === 'mul' || f === 'div') ? this.constant(-a.value) : undefined;
    return a.op === 'unary' && a.f === 'neg' ? a.inputs[0] : undefined;
  }

  #scale(a: Expression, factor: number): Expression | undefined {
    if (factor === 0) return this.constant(0);
    if (factor === 1) return a;
    if (a.op === 'binary' && a.f === 'mul' && a.inputs[1].op === 'constant') {
      const product = this.#round(a.inputs[1].value * factor);
      if (Number.isFinite(product) && Math.abs(product) >= this.#smallest) {
        return this.binary('mul', a.inputs[0], this.constant(product));
      }
    }
    if (a.op === 'binary' && a.f === 'div' && a.inputs[0].op === 'constant' && a.inputs[0].value !== 1) {
      const product = this.#round(a.inputs[0].value * factor);
      if (Number.isFinite(product) && Math.abs(product) >= this.#smallest) {
        return this.binary('div', this.constant(product), a.inputs[1]);
      }
    }
    return undefined;
  }

  #power(a: Expression, exponent: number): Expression | undefined {
    if (exponent === 0) return this.constant(1);
    if (exponent === 1) return a;
    const size = Math.abs(exponent);
    if (!(size <= largestPower && Number.isInteger(2 * size))) return undefined;
    // One reciprocal serves all negative powers of a number, which is what a derivative asks for.
    const base = exponent < 0 ? this.binary('div', this.constant(1), a) : a;
    const whole = Math.floor(size);
    let power: Expression | undefined;
    for (let i = 0; i < whole; i++) power = power ? this.binary('mul', power, base) : base;
    if (whole === size) return power;
    const root = this.unary('sqrt', base);
    return power ? this.binary('mul', power, root) : root;
  }

  #make(operation: string, key: number | string, make: (id: number) => Expression): Expression {
    let known = this.#known.get(operation);
    if (!known) {
      known = new Map();
      this.#known.set(operation, known);
    }
    let made = known.get(key);
    if (!made) {
      made = make(this.#count++);
      known.set(key, made);
    }
    return made;
  }
}

function isPowerOfTwo(x: number): boolean {
  const exponent = Math.log2(Math.abs(x));
  return Number.isInteger(exponent) && 2 ** exponent === Math.abs(x);
}
