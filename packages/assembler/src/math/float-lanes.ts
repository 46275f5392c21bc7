import type { AnyOperand, FunctionBuilder, FunctionRef, ModuleBuilder, Value, ValueType } from '../index.ts';
import type { Approximation } from './coefficients.ts';

/** What a function computes on: one number, or a vector of them. */
export type FloatShape = 'f32' | 'f64' | 'f32x4' | 'f64x2';

type X = AnyOperand;
/** A local, which can be used any number of times. */
export type Kept = Exclude<AnyOperand, Value | number | bigint>;

/** The operations that the assembler's groups for f32, f64, f32x4 and f64x2 share. */
interface FloatGroup {
  const(value: number): Value;
  add(a: X, b: X): Value;
  sub(a: X, b: X): Value;
  mul(a: X, b: X): Value;
  div(a: X, b: X): Value;
  fma(a: X, b: X, c: X): Value;
  fnma(a: X, b: X, c: X): Value;
  neg(a: X): Value;
  abs(a: X): Value;
  sqrt(a: X): Value;
  floor(a: X): Value;
  ceil(a: X): Value;
  trunc(a: X): Value;
  nearest(a: X): Value;
  eq(a: X, b: X): Value;
  ne(a: X, b: X): Value;
  lt(a: X, b: X): Value;
  le(a: X, b: X): Value;
  gt(a: X, b: X): Value;
  ge(a: X, b: X): Value;
}

interface IntegerGroup {
  const(value: number | bigint): Value;
  add(a: X, b: X): Value;
  sub(a: X, b: X): Value;
  shl(a: X, count: number): Value;
  shrS(a: X, count: number): Value;
  shrU(a: X, count: number): Value;
}

interface BitGroup {
  and(a: X, b: X): Value;
  or(a: X, b: X): Value;
  xor(a: X, b: X): Value;
}

/**
 * One vocabulary over f32, f64, f32x4 and f64x2, in which each elementary function is written once. "Bits" are the same
 * lanes read as integers; a "mask" is what comparisons give and `select` takes: an i32 of scalars, lanes of ones of vectors.
 */
export class FloatLanes {
  readonly module: ModuleBuilder;
  readonly f: FunctionBuilder;
  readonly shape: FloatShape;
  readonly vector: boolean;
  readonly wide: boolean;
  readonly type: ValueType;
  /** Bits of the mantissa after its leading one. */
  readonly mantissa: 23 | 52;
  readonly bias: 127 | 1023;
  readonly #float: FloatGroup;
  readonly #integer: IntegerGroup;
  readonly #bit: BitGroup;
  readonly #mask: BitGroup;

  constructor(module: ModuleBuilder, f: FunctionBuilder, shape: FloatShape) {
    this.module = module;
    this.f = f;
    this.shape = shape;
    this.vector = shape === 'f32x4' || shape === 'f64x2';
    this.wide = shape === 'f64' || shape === 'f64x2';
    this.type = this.vector ? 'v128' : (shape as ValueType);
    this.mantissa = this.wide ? 52 : 23;
    this.bias = this.wide ? 1023 : 127;
    // The groups take operands of their own type; here the builder's checks stand in for TypeScript's.
    this.#float = f[shape] as unknown as FloatGroup;
    const integers = ({ f32: 'i32', f64: 'i64', f32x4: 'i32x4', f64x2: 'i64x2' } as const)[shape];
    this.#integer = f[integers] as unknown as IntegerGroup;
    this.#bit = (this.vector ? f.v128 : f[integers]) as unknown as BitGroup;
    this.#mask = (this.vector ? f.v128 : f.i32) as unknown as BitGroup;
  }

  /** Keeps a value in a local. */
  keep(value: Value): Kept {
    return this.f.let(value);
  }
  number(value: number): Value {
    return this.#float.const(value);
  }
  /** One of two numbers: in double or in single precision. */
  pick<T>(narrow: T, wide: T): T {
    return this.wide ? wide : narrow;
  }

  add(a: X, b: X): Value {
    return this.#float.add(a, b);
  }
  sub(a: X, b: X): Value {
    return this.#float.sub(a, b);
  }
  mul(a: X, b: X): Value {
    return this.#float.mul(a, b);
  }
  div(a: X, b: X): Value {
    return this.#float.div(a, b);
  }
  /** a b + c, rounded once or twice. */
  fma(a: X, b: X, c: X): Value {
    return this.#float.fma(a, b, c);
  }
  /** c - a b, rounded once or twice. */
  fnma(a: X, b: X, c: X): Value {
    return this.#float.fnma(a, b, c);
  }
  neg(a: X): Value {
    return this.#float.neg(a);
  }
  abs(a: X): Value {
    return this.#float.abs(a);
  }
  sqrt(a: X): Value {
    return this.#float.sqrt(a);
  }
  floor(a: X): Value {
    return this.#float.floor(a);
  }
  ceil(a: X): Value {
    return this.#float.ceil(a);
  }
  trunc(a: X): Value {
    return this.#float.trunc(a);
  }
  nearest(a: X): Value {
    return this.#float.nearest(a);
  }

  eq(a: X, b: X): Value {
    return this.#float.eq(a, b);
  }
  ne(a: X, b: X): Value {
    return this.#float.ne(a, b);
  }
  lt(a: X, b: X): Value {
    return this.#float.lt(a, b);
  }
  le(a: X, b: X): Value {
    return this.#float.le(a, b);
  }
  gt(a: X, b: X): Value {
    return this.#float.gt(a, b);
  }
  ge(a: X, b: X): Value {
    return this.#float.ge(a, b);
  }
  both(a: X, b: X): Value {
    return this.#mask.and(a, b);
  }
  either(a: X, b: X): Value {
    return this.#mask.or(a, b);
  }
  differ(a: X, b: X): Value {
    return this.#mask.xor(a, b);
  }
  /** Whether the mask holds in any lane, as an i32. */
  any(mask: X): Value<'i32'> {
    if (this.vector) return this.f.v128.anyTrue(mask as Kept as never);
    return this.f.i32.and(mask as Value<'i32'>, 1);
  }
  /** `a` where the mask holds, else `b`. */
  select(a: X, b: X, mask: X): Value {
    const { f } = this;
    if (!this.vector) return f.select(this.type, a as never, b as never, mask as Value<'i32'>);
    const literal = (x: X) => (typeof x === 'number' ? this.number(x) : x);
    if (typeof a !== 'number' && typeof b !== 'number') return f.v128.bitselect(a as never, b as never, mask as never);
    // Literals must be made before the operands on the stack are taken: keep what was made already.
    const kept = mask === undefined || !this.#made(mask) ? mask : this.keep(mask as Value);
    const second = this.#made(b) ? this.keep(b as Value) : b;
    return f.v128.bitselect(literal(a) as never, literal(second) as never, kept as never);
  }
  #made(x: X): boolean {
    return typeof x === 'object' && !('index' in x);
  }
  /** The smaller; a NaN in `a` stays. */
  atMost(a: X, limit: number): Value {
    if (this.vector) return this.f[this.shape as 'f64x2'].pmin(a as never, limit);
    return this.#clamp(a, limit, (x) => this.gt(x, limit));
  }
  /** The larger; a NaN in `a` stays. */
  atLeast(a: X, limit: number): Value {
    if (this.vector) return this.f[this.shape as 'f64x2'].pmax(a as never, limit);
    return this.#clamp(a, limit, (x) => this.lt(x, limit));
  }
  #clamp(a: X, limit: number, beyond: (x: X) => Value): Value {
    const x = this.#made(a) ? this.keep(a as Value) : a;
    return this.select(limit, x, beyond(x));
  }
  /** The magnitude of `a` with the sign of `b`. */
  copysign(a: X, b: X): Value {
    const { f } = this;
    if (!this.vector) return f[this.shape as 'f64'].copysign(a as never, b as never);
    return f.v128.bitselect(a as never, b as never, this.bits(this.wide ? 0x7fffffffffffffffn : 0x7fffffffn));
  }

  /** A literal of bits. */
  bits(value: bigint): Value<'v128'> {
    return this.#integer.const(this.wide ? value : Number(value)) as Value<'v128'>;
  }
  toBits(a: X): X {
    if (this.shape === 'f32') return this.f.i32.reinterpretF32(a as Value<'f32'>);
    if (this.shape === 'f64') return this.f.i64.reinterpretF64(a as Value<'f64'>);
    return a;
  }
  fromBits(a: X): X {
    if (this.shape === 'f32') return this.f.f32.reinterpretI32(a as Value<'i32'>);
    if (this.shape === 'f64') return this.f.f64.reinterpretI64(a as Value<'i64'>);
    return a;
  }
  bitsAdd(a: X, b: X | bigint): Value {
    return this.#integer.add(a, this.#word(b));
  }
  bitsSub(a: X | bigint, b: X | bigint): Value {
    return this.#integer.sub(this.#word(a), this.#word(b));
  }
  shl(a: X, count: number): Value {
    return this.#integer.shl(a, count);
  }
  shrU(a: X, count: number): Value {
    return this.#integer.shrU(a, count);
  }
  and(a: X, b: bigint | Kept): Value {
    return this.#bit.and(a, this.#bitWord(b));
  }
  or(a: X, b: bigint | Kept): Value {
    return this.#bit.or(a, this.#bitWord(b));
  }
  xor(a: X, b: X): Value {
    return this.#bit.xor(a, b);
  }
  #word(a: X | bigint): X {
    return typeof a === 'bigint' && !this.wide ? Number(a) : a;
  }
  #bitWord(a: X | bigint): X {
    return typeof a === 'bigint' ? this.bits(a) : a;
  }

  /** Adding it to a small number rounds that to an integer, which then stands in the low bits of the sum. */
  get roundingBias(): number {
    return 1.5 * 2 ** this.mantissa;
  }
  /** 2^k of the bits of k + `roundingBias`, for k that a normal number's exponent can be. */
  powerOfTwo(biased: X): X {
    return this.fromBits(this.bitsAdd(this.shl(biased, this.mantissa), BigInt(this.bias) << BigInt(this.mantissa)));
  }
  /** The bits of k + `roundingBias` as two halves, whose powers of two multiply to 2^k. */
  halves(biased: Kept): readonly [Kept, Kept] {
    // Only the low bits count, so lanes of 32 bits do for 64, where x86 has no arithmetic shift.
    const { f } = this;
    if (this.vector) {
      const first = f.let(f.i32x4.shrS(biased as never, 1));
      return [first, f.let(f.i32x4.sub(biased as never, first))];
    }
    const first = this.keep(this.#integer.shrS(biased, 1));
    return [first, this.keep(this.#integer.sub(biased, first))];
  }

  /** A polynomial from its constant term on: long ones by Horner's rule in x^2 for the even and the odd terms, side by side. */
  polynomial(x: Kept, of: Approximation | readonly number[]): Value {
    const coefficients = 'float32' in of ? this.pick(of.float32, of.float64) : of;
    if (coefficients.length < 5) return this.#horner(x, coefficients);
    const square = this.keep(this.mul(x, x));
    const parity = (first: 0 | 1) => coefficients.filter((_, i) => i % 2 === first);
    const odd = this.keep(this.#horner(square, parity(1)));
    const even = this.keep(this.#horner(square, parity(0)));
    return this.fma(odd, x, even);
  }
  #horner(x: Kept, coefficients: readonly number[]): Value {
    let sum: X = coefficients.at(-1)!;
    for (let i = coefficients.length - 2; i >= 0; i--) sum = this.fma(sum, x, coefficients[i]!);
    return sum as Value;
  }

  /** The exact sum of two numbers as its rounding and the rest (Knuth, TAOCP 2, 4.2.2). */
  twoSum(a: Kept, b: Kept): readonly [Kept, Kept] {
    const sum = this.keep(this.add(a, b));
    const bPart = this.keep(this.sub(sum, a));
    const aError = this.sub(a, this.sub(sum, bPart));
    return [sum, this.keep(this.add(aError, this.sub(b, bPart)))];
  }
  /** The same where |a| >= |b| (Dekker, 1971). */
  fastTwoSum(a: Kept, b: Kept): readonly [Kept, Kept] {
    const sum = this.keep(this.add(a, b));
    return [sum, this.keep(this.sub(b, this.sub(sum, a)))];
  }

  /** Applies a scalar function of this precision, or of doubles, to each lane. */
  perLane(callee: FunctionRef, ...args: readonly Kept[]): Value {
    const { f } = this;
    const narrowed = callee.results[0] === 'f64' && !this.wide;
    const applied = (inputs: readonly (() => Value)[]): Value => {
      const values = inputs.map((input) => (narrowed ? f.f64.promoteF32(input() as Value<'f32'>) : input()));
      const result = f.call(callee, ...values) as unknown as Value;
      return narrowed ? f.f32.demoteF64(result as Value<'f64'>) : result;
    };
    if (!this.vector) return applied(args.map((arg) => () => f.get(arg)));
    const group = f[this.shape as 'f64x2'];
    let result: Value<'v128'> | undefined;
    for (let lane = 0; lane < (this.wide ? 2 : 4); lane++) {
      const value = applied(args.map((arg) => () => group.extractLane(arg as never, lane)));
      result = result ? group.replaceLane(result, lane, value as never) : group.splat(value as never);
    }
    return result!;
  }

  /**
   * Computes single precision in double: `compute` gets the arguments as doubles and gives doubles, of vectors once for
   * each half. The results come back rounded; those after the first `rounded` are bits, of which the low 32 are kept.
   */
  inDouble(
    args: readonly Kept[],
    compute: (lanes: FloatLanes, args: readonly Kept[]) => readonly Kept[],
    rounded: number,
  ): readonly Kept[] {
    const { f } = this;
    if (!this.vector) {
      const doubles = new FloatLanes(this.module, f, 'f64');
      const results = compute(
        doubles,
        args.map((arg) => f.let(f.f64.promoteF32(arg as never))),
      );
      return results.map((result, i) =>
        i < rounded ? f.let(f.f32.demoteF64(result as never)) : f.let(f.i32.wrapI64(result as never)),
      );
    }
    const doubles = new FloatLanes(this.module, f, 'f64x2');
    const low = compute(
      doubles,
      args.map((arg) => f.let(f.f64x2.promoteLowF32x4(arg as never))),
    );
    const high = compute(
      doubles,
      args.map((arg) => f.let(f.f64x2.promoteLowF32x4(f.i32x4.pick(arg as never, arg as never, [2, 3, 2, 3])))),
    );
    return low.map((part, i) => {
      const other = high[i] as never;
      return i < rounded
        ? f.let(f.i32x4.pick(f.f32x4.demoteF64x2Zero(part as never), f.f32x4.demoteF64x2Zero(other), [0, 1, 4, 5]))
        : f.let(f.i32x4.pick(part as never, other, [0, 2, 4, 6]));
    });
  }
}
