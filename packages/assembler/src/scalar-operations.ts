import { misc, type OperandStack } from './operand-stack.ts';
import type { Operand, Value } from './values.ts';

type Integer = 'i32' | 'i64';
type Float = 'f32' | 'f64';

/** Integer instructions, the same of i32 and i64. */
export class IntegerOperations<T extends Integer> {
  readonly type: T;
  protected readonly code: OperandStack;
  readonly #wide: number;
  /** i64's arithmetic opcodes lie 18 behind i32's, its comparisons 11. */
  readonly #arithmetic: number;
  readonly #comparison: number;

  constructor(code: OperandStack, type: T) {
    this.code = code;
    this.type = type;
    this.#wide = type === 'i64' ? 1 : 0;
    this.#arithmetic = 18 * this.#wide;
    this.#comparison = 11 * this.#wide;
  }

  const(value: number | bigint): Value<T> {
    return this.code.literal(this.type, this.type, value);
  }

  load(pointer: Operand<'i32'>, offset = 0): Value<T> {
    return this.#load(0x28 + this.#wide, 2 + this.#wide, pointer, offset);
  }
  load8u(pointer: Operand<'i32'>, offset = 0): Value<T> {
    return this.#load(this.#wide ? 0x31 : 0x2d, 0, pointer, offset);
  }
  load16u(pointer: Operand<'i32'>, offset = 0): Value<T> {
    return this.#load(this.#wide ? 0x33 : 0x2f, 1, pointer, offset);
  }
  store(pointer: Operand<'i32'>, value: Operand<T>, offset = 0): void {
    this.#store(0x36 + this.#wide, 2 + this.#wide, pointer, value, offset);
  }
  store8(pointer: Operand<'i32'>, value: Operand<T>, offset = 0): void {
    this.#store(this.#wide ? 0x3c : 0x3a, 0, pointer, value, offset);
  }
  store16(pointer: Operand<'i32'>, value: Operand<T>, offset = 0): void {
    this.#store(this.#wide ? 0x3d : 0x3b, 1, pointer, value, offset);
  }
  #load(code: number, align: number, pointer: Operand<'i32'>, offset: number): Value<T> {
    const value = this.code.unary(code, 'i32', pointer, this.type);
    this.code.memarg(align, offset);
    return value;
  }
  #store(code: number, align: number, pointer: Operand<'i32'>, value: Operand<T>, offset: number): void {
    this.code.arrange2('i32', pointer, this.type, value, false);
    this.code.opcode(code);
    this.code.memarg(align, offset);
  }

  eqz(a: Operand<T>): Value<'i32'> {
    return this.code.unary(0x45 + this.#comparison, this.type, a, 'i32');
  }
  eq(a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.#compare(0x46, a, b);
  }
  ne(a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.#compare(0x47, a, b);
  }
  ltS(a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.#compare(0x48, a, b);
  }
  ltU(a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.#compare(0x49, a, b);
  }
  gtS(a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.#compare(0x4a, a, b);
  }
  gtU(a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.#compare(0x4b, a, b);
  }
  leS(a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.#compare(0x4c, a, b);
  }
  leU(a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.#compare(0x4d, a, b);
  }
  geS(a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.#compare(0x4e, a, b);
  }
  geU(a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.#compare(0x4f, a, b);
  }
  #compare(code: number, a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.code.binary(code + this.#comparison, this.type, a, b, 'i32');
  }

  clz(a: Operand<T>): Value<T> {
    return this.code.unary(0x67 + this.#arithmetic, this.type, a, this.type);
  }
  ctz(a: Operand<T>): Value<T> {
    return this.code.unary(0x68 + this.#arithmetic, this.type, a, this.type);
  }
  popcnt(a: Operand<T>): Value<T> {
    return this.code.unary(0x69 + this.#arithmetic, this.type, a, this.type);
  }
  add(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x6a, a, b, true);
  }
  sub(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x6b, a, b);
  }
  mul(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x6c, a, b, true);
  }
  divS(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x6d, a, b);
  }
  divU(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x6e, a, b);
  }
  remS(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x6f, a, b);
  }
  remU(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x70, a, b);
  }
  and(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x71, a, b, true);
  }
  or(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x72, a, b, true);
  }
  xor(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x73, a, b, true);
  }
  shl(a: Operand<T>, count: Operand<T>): Value<T> {
    return this.#binary(0x74, a, count);
  }
  shrS(a: Operand<T>, count: Operand<T>): Value<T> {
    return this.#binary(0x75, a, count);
  }
  shrU(a: Operand<T>, count: Operand<T>): Value<T> {
    return this.#binary(0x76, a, count);
  }
  rotl(a: Operand<T>, count: Operand<T>): Value<T> {
    return this.#binary(0x77, a, count);
  }
  rotr(a: Operand<T>, count: Operand<T>): Value<T> {
    return this.#binary(0x78, a, count);
  }
  #binary(code: number, a: Operand<T>, b: Operand<T>, commutes = false): Value<T> {
    return this.code.binary(code + this.#arithmetic, this.type, a, b, this.type, commutes);
  }

  /** Truncates to an integer; NaN gives 0, and what is too large the nearest end of the range. */
  truncSatF32S(a: Operand<'f32'>): Value<T> {
    return this.code.unary(misc + 4 * this.#wide, 'f32', a, this.type);
  }
  truncSatF64S(a: Operand<'f64'>): Value<T> {
    return this.code.unary(misc + 2 + 4 * this.#wide, 'f64', a, this.type);
  }
}

export class I32Operations extends IntegerOperations<'i32'> {
  wrapI64(a: Operand<'i64'>): Value<'i32'> {
    return this.code.unary(0xa7, 'i64', a, 'i32');
  }
  reinterpretF32(a: Operand<'f32'>): Value<'i32'> {
    return this.code.unary(0xbc, 'f32', a, 'i32');
  }
}

export class I64Operations extends IntegerOperations<'i64'> {
  extendI32S(a: Operand<'i32'>): Value<'i64'> {
    return this.code.unary(0xac, 'i32', a, 'i64');
  }
  extendI32U(a: Operand<'i32'>): Value<'i64'> {
    return this.code.unary(0xad, 'i32', a, 'i64');
  }
  reinterpretF64(a: Operand<'f64'>): Value<'i64'> {
    return this.code.unary(0xbd, 'f64', a, 'i64');
  }
}

/** Floating-point instructions, the same of f32 and f64. */
export class FloatOperations<T extends Float> {
  readonly type: T;
  protected readonly code: OperandStack;
  readonly #wide: number;
  /** f64's arithmetic opcodes lie 14 behind f32's, its comparisons 6. */
  readonly #arithmetic: number;
  readonly #comparison: number;

  constructor(code: OperandStack, type: T) {
    this.code = code;
    this.type = type;
    this.#wide = type === 'f64' ? 1 : 0;
    this.#arithmetic = 14 * this.#wide;
    this.#comparison = 6 * this.#wide;
  }

  const(value: number): Value<T> {
    return this.code.literal(this.type, this.type, value);
  }
  load(pointer: Operand<'i32'>, offset = 0): Value<T> {
    const value = this.code.unary(0x2a + this.#wide, 'i32', pointer, this.type);
    this.code.memarg(2 + this.#wide, offset);
    return value;
  }
  store(pointer: Operand<'i32'>, value: Operand<T>, offset = 0): void {
    this.code.arrange2('i32', pointer, this.type, value, false);
    this.code.opcode(0x38 + this.#wide);
    this.code.memarg(2 + this.#wide, offset);
  }

  eq(a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.#compare(0x5b, a, b);
  }
  ne(a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.#compare(0x5c, a, b);
  }
  lt(a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.#compare(0x5d, a, b);
  }
  gt(a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.#compare(0x5e, a, b);
  }
  le(a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.#compare(0x5f, a, b);
  }
  ge(a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.#compare(0x60, a, b);
  }
  #compare(code: number, a: Operand<T>, b: Operand<T>): Value<'i32'> {
    return this.code.binary(code + this.#comparison, this.type, a, b, 'i32');
  }

  abs(a: Operand<T>): Value<T> {
    return this.#unary(0x8b, a);
  }
  neg(a: Operand<T>): Value<T> {
    return this.#unary(0x8c, a);
  }
  ceil(a: Operand<T>): Value<T> {
    return this.#unary(0x8d, a);
  }
  floor(a: Operand<T>): Value<T> {
    return this.#unary(0x8e, a);
  }
  trunc(a: Operand<T>): Value<T> {
    return this.#unary(0x8f, a);
  }
  /** Rounds to the nearest integer, halves to even. */
  nearest(a: Operand<T>): Value<T> {
    return this.#unary(0x90, a);
  }
  sqrt(a: Operand<T>): Value<T> {
    return this.#unary(0x91, a);
  }
  add(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x92, a, b, true);
  }
  sub(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x93, a, b);
  }
  mul(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x94, a, b, true);
  }
  div(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x95, a, b);
  }
  min(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x96, a, b, true);
  }
  max(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x97, a, b, true);
  }
  /** The magnitude of `a` with the sign of `b`. */
  copysign(a: Operand<T>, b: Operand<T>): Value<T> {
    return this.#binary(0x98, a, b);
  }
  /** a b + c, rounded twice: WebAssembly has no scalar fused multiply-add. */
  fma(a: Operand<T>, b: Operand<T>, c: Operand<T>): Value<T> {
    const last = this.code.aside(this.type, c);
    const sum = this.add(this.mul(a, b), last as Operand<T>);
    this.code.asideDone(last, c);
    return sum;
  }
  /** c - a b, rounded twice. */
  fnma(a: Operand<T>, b: Operand<T>, c: Operand<T>): Value<T> {
    const last = this.code.aside(this.type, c);
    const difference = this.sub(last as Operand<T>, this.mul(a, b));
    this.code.asideDone(last, c);
    return difference;
  }
  #unary(code: number, a: Operand<T>): Value<T> {
    return this.code.unary(code + this.#arithmetic, this.type, a, this.type);
  }
  #binary(code: number, a: Operand<T>, b: Operand<T>, commutes = false): Value<T> {
    return this.code.binary(code + this.#arithmetic, this.type, a, b, this.type, commutes);
  }

  convertI32S(a: Operand<'i32'>): Value<T> {
    return this.code.unary(0xb2 + 5 * this.#wide, 'i32', a, this.type);
  }
  convertI32U(a: Operand<'i32'>): Value<T> {
    return this.code.unary(0xb3 + 5 * this.#wide, 'i32', a, this.type);
  }
  convertI64S(a: Operand<'i64'>): Value<T> {
    return this.code.unary(0xb4 + 5 * this.#wide, 'i64', a, this.type);
  }
  convertI64U(a: Operand<'i64'>): Value<T> {
    return this.code.unary(0xb5 + 5 * this.#wide, 'i64', a, this.type);
  }
}

export class F32Operations extends FloatOperations<'f32'> {
  demoteF64(a: Operand<'f64'>): Value<'f32'> {
    return this.code.unary(0xb6, 'f64', a, 'f32');
  }
  reinterpretI32(a: Operand<'i32'>): Value<'f32'> {
    return this.code.unary(0xbe, 'i32', a, 'f32');
  }
}

export class F64Operations extends FloatOperations<'f64'> {
  promoteF32(a: Operand<'f32'>): Value<'f64'> {
    return this.code.unary(0xbb, 'f32', a, 'f64');
  }
  reinterpretI64(a: Operand<'i64'>): Value<'f64'> {
    return this.code.unary(0xbf, 'i64', a, 'f64');
  }
}
