import type { FunctionBuilder, Local, Value } from '@neural-ode/assembler';
import type { BinaryFunction } from '../graph/graph.ts';
import { postorder } from '../graph/postorder.ts';
import type { BinaryExpression, Expression } from './expression.ts';
import type { MathCall } from './math-call.ts';
import type { Lanes } from './precision.ts';

/** What scalar and vector instructions have in common, with all operands on the stack. */
interface Arithmetic {
  const(value: number): Value;
  neg(a: Value): Value;
  abs(a: Value): Value;
  sqrt(a: Value): Value;
  floor(a: Value): Value;
  ceil(a: Value): Value;
  trunc(a: Value): Value;
  nearest(a: Value): Value;
  add(a: Value, b: Value): Value;
  sub(a: Value, b: Value): Value;
  mul(a: Value, b: Value): Value;
  div(a: Value, b: Value): Value;
  max(a: Value, b: Value): Value;
  min(a: Value, b: Value): Value;
  pmax(a: Value, b: Value): Value;
  pmin(a: Value, b: Value): Value;
  eq(a: Value, b: Value): Value;
  ne(a: Value, b: Value): Value;
  lt(a: Value, b: Value): Value;
  le(a: Value, b: Value): Value;
  fma(a: Value, b: Value, c: Value): Value;
  fnma(a: Value, b: Value, c: Value): Value;
}

const comparisons: Readonly<Partial<Record<BinaryFunction, 'eq' | 'ne' | 'lt' | 'le'>>> = {
  equal: 'eq',
  notEqual: 'ne',
  less: 'lt',
  lessEqual: 'le',
};

/** Operands nest no deeper than this on WebAssembly's stack. */
const deepest = 64;

/** The instructions of one kind of lanes. */
export function arithmeticOf(f: FunctionBuilder, lanes: Lanes): Arithmetic {
  return f[lanes] as unknown as Arithmetic;
}

const orders = new WeakMap<readonly Expression[], readonly Expression[]>();

/** All expressions that some depend on, each after its inputs. Found once for a list. */
export function expressionsOf(roots: readonly Expression[]): readonly Expression[] {
  let order = orders.get(roots);
  if (!order) {
    order = postorder(roots, ({ inputs }: Expression) => inputs);
    orders.set(roots, order);
  }
  return order;
}

/** Loads a leaf; two neighbours from it on, or the same one into all lanes, where the formula wants a vector. */
export type Load = (leaf: number, how: 'one' | 'neighbours' | 'splat') => Value;

/** Lanes and their instructions. */
interface Kind {
  readonly lanes: Lanes;
  readonly is: Arithmetic;
  readonly isVector: boolean;
}

function kindOf(f: FunctionBuilder, lanes: Lanes): Kind {
  return { lanes, is: arithmeticOf(f, lanes), isVector: lanes === 'f32x4' || lanes === 'f64x2' };
}

/**
 * Writes the instructions of expressions: what is used once stays on the operand stack, what is used again gets a local
 * until its last use.
 */
export class Evaluator {
  readonly #f: FunctionBuilder;
  readonly #kinds: { readonly narrow: Kind; readonly wide: Kind };
  readonly #load: Load;
  readonly #math: MathCall;
  /** Uses still to come. */
  readonly #uses = new Map<Expression, number>();
  readonly #kept = new Set<Expression>();
  readonly #locals = new Map<Expression, Local>();

  constructor(f: FunctionBuilder, lanes: Lanes, load: Load, math: MathCall) {
    this.#f = f;
    this.#kinds = {
      narrow: kindOf(f, lanes),
      wide: kindOf(f, lanes === 'f32' || lanes === 'f32x4' ? 'f32x4' : 'f64x2'),
    };
    this.#load = load;
    this.#math = math;
  }

  /** Evaluates each root in turn; `sink` takes its value, by `take`, at most once, and may put an address before it. */
  run(roots: readonly Expression[], sink: (index: number, take: () => Value) => void): void {
    const order = expressionsOf(roots);
    for (const root of roots) this.#use(root);
    const depths = new Map<Expression, number>();
    for (const expression of order) {
      let depth = 0;
      for (const input of expression.inputs) {
        this.#use(input);
        depth = Math.max(depth, depths.get(input)! + 1);
      }
      const keep = depth >= deepest;
      if (keep) this.#kept.add(expression);
      depths.set(expression, keep ? 0 : depth);
    }
    for (const expression of order) {
      if (this.#uses.get(expression)! > 1 && expression.op !== 'constant') this.#kept.add(expression);
    }
    let next = 0;
    roots.forEach((root, index) => {
      if (root.op !== 'constant' && !this.#locals.has(root)) {
        while (next < order.length) {
          const expression = order[next]!;
          // A root used once goes straight to its sink.
          if (expression === root && !this.#kept.has(root)) break;
          next++;
          if (this.#kept.has(expression)) this.#locals.set(expression, this.#f.let(this.#make(expression)));
          if (expression === root) break;
        }
      }
      sink(index, () => this.#take(root));
    });
  }

  #use(expression: Expression): void {
    this.#uses.set(expression, (this.#uses.get(expression) ?? 0) + 1);
  }

  /** The value on the stack, for one of the expression's uses. */
  #take(expression: Expression): Value {
    const left = this.#uses.get(expression)! - 1;
    this.#uses.set(expression, left);
    if (expression.op === 'constant') return this.#kind(expression).is.const(expression.value);
    const local = this.#locals.get(expression);
    if (!local) return this.#make(expression);
    const value = this.#f.get(local);
    if (left === 0) this.#f.free(local);
    return value;
  }

  #make(expression: Expression): Value {
    const f = this.#f;
    const { is, isVector, lanes } = this.#kind(expression);
    switch (expression.op) {
      case 'constant':
        return is.const(expression.value);
      case 'leaf':
        return this.#load(expression.leaf, expression.load ?? 'one');
      case 'unary': {
        const [a] = expression.inputs;
        switch (expression.f) {
          case 'neg':
            return this.#negated(a) ?? is.neg(this.#take(a));
          case 'round':
            return is.nearest(this.#take(a));
          case 'abs':
          case 'sqrt':
          case 'floor':
          case 'ceil':
          case 'trunc':
            return is[expression.f](this.#take(a));
          default:
            return this.#math(f, expression.f, lanes, this.#take(a));
        }
      }
      case 'binary':
        return this.#binary(expression);
      case 'select': {
        const a = this.#take(expression.inputs[1]);
        const b = this.#take(expression.inputs[2]);
        const condition = this.#condition(expression.inputs[0]);
        return isVector
          ? f.v128.bitselect(a as Value<'v128'>, b as Value<'v128'>, condition as Value<'v128'>)
          : f.select(a.type, a as never, b as never, condition as Value<'i32'>);
      }
      case 'splat':
        return this.#vectors.splat(this.#take(expression.inputs[0]) as Value<'f64'>);
      case 'pair': {
        const [a, b] = expression.inputs;
        if (a.op === 'constant' && b.op === 'constant') return this.#constants(a.value, b.value);
        const first = this.#vectors.splat(this.#take(a) as Value<'f64'>);
        return this.#vectors.replaceLane(first, 1, this.#take(b) as Value<'f64'>);
      }
      case 'pick': {
        const first = this.#take(expression.inputs[0]) as Value<'v128'>;
        const [a, b] = expression.lanes;
        return this.#vectors.pick(
          first,
          this.#take(expression.inputs[1]) as Value<'v128'>,
          lanes === 'f32x4' ? [a, 4 + b, a, a] : [a, 2 + b],
        );
      }
      case 'lane':
        return this.#vectors.extractLane(this.#take(expression.inputs[0]) as Value<'v128'>, expression.lane);
    }
  }

  #constants(a: number, b: number): Value {
    return this.#vectors.const(this.#vectors.laneCount === 4 ? [a, b, a, b] : [a, b]);
  }

  get #vectors(): FunctionBuilder['f64x2'] {
    return this.#f[this.#kinds.wide.lanes as 'f64x2'];
  }

  #kind(expression: Expression): Kind {
    return expression.wide ? this.#kinds.wide : this.#kinds.narrow;
  }

  /** -a, where a is used once and its negation costs nothing. */
  #negated(a: Expression): Value | undefined {
    if (a.op !== 'binary' || this.#kept.has(a)) return undefined;
    const { is } = this.#kind(a);
    const [x, y] = a.inputs;
    const [constant] = a.inputs.filter((input) => input.op === 'constant');
    if (a.f !== 'sub' && !(constant && (a.f === 'mul' || a.f === 'div'))) return undefined;
    this.#uses.set(a, 0);
    // a - b may have been turned into -(b - a) for others that turned out not to need it.
    if (a.f === 'sub') {
      const first = this.#take(y);
      return is.sub(first, this.#take(x));
    }
    const take = (input: Expression) => (input.op === 'constant' ? is.const(-input.value) : this.#take(input));
    const first = take(x);
    return is[a.f as 'mul' | 'div'](first, take(y));
  }

  #binary(expression: BinaryExpression): Value {
    const f = this.#f;
    const { is, isVector, lanes } = this.#kind(expression);
    const [x, y] = expression.inputs;
    if (comparisons[expression.f]) {
      const truth = this.#compare(expression);
      if (isVector) return f.v128.and(truth as Value<'v128'>, is.const(1) as Value<'v128'>);
      return f[lanes as 'f64'].convertI32U(truth as Value<'i32'>);
    }
    switch (expression.f) {
      case 'add':
      case 'sub':
        if (f.relaxedSimd && isVector) {
          const product = this.#loneProduct(y) ?? (expression.f === 'add' ? this.#loneProduct(x) : undefined);
          if (product) {
            this.#uses.set(product, 0);
            const a = this.#take(product.inputs[0]);
            const b = this.#take(product.inputs[1]);
            return is[expression.f === 'add' ? 'fma' : 'fnma'](a, b, this.#take(product === y ? x : y));
          }
        }
        break;
      case 'max':
      case 'min':
        // One instruction instead of several; a NaN in x stays, and y is none.
        if (isVector && y.op === 'constant' && !Number.isNaN(y.value)) {
          const a = this.#take(x);
          return is[expression.f === 'max' ? 'pmax' : 'pmin'](a, this.#take(y));
        }
        break;
      default:
    }
    const a = this.#take(x);
    const b = this.#take(y);
    switch (expression.f) {
      case 'add':
      case 'sub':
      case 'mul':
      case 'div':
      case 'max':
      case 'min':
        return is[expression.f](a, b);
      case 'pow':
      case 'atan2':
      case 'mod':
        return this.#math(f, expression.f, lanes, a, b);
      default:
        throw new Error(`${expression.f} is a comparison.`);
    }
  }

  /** A product that nothing else reads. */
  #loneProduct(expression: Expression): BinaryExpression | undefined {
    const lone = expression.op === 'binary' && expression.f === 'mul' && !this.#kept.has(expression);
    return lone ? (expression as BinaryExpression) : undefined;
  }

  #compare(expression: BinaryExpression): Value {
    const a = this.#take(expression.inputs[0]);
    const b = this.#take(expression.inputs[1]);
    return this.#kind(expression).is[comparisons[expression.f]!](a, b);
  }

  /** Whether the expression is not 0, as `select` and `bitselect` want it. */
  #condition(expression: Expression): Value {
    if (expression.op === 'binary' && comparisons[expression.f] && !this.#kept.has(expression)) {
      this.#uses.set(expression, 0);
      return this.#compare(expression);
    }
    const { is } = this.#kind(expression);
    const value = this.#take(expression);
    return is.ne(value, is.const(0));
  }
}
