import { type Binary, binaries, Group, type Unary, unaries } from './group.ts';
import { misc, type OperandStack } from './operand-stack.ts';
import type { Operand, Value } from './values.ts';

type Integer = 'i32' | 'i64';
type Float = 'f32' | 'f64';

/** What integers and floats have. */
abstract class ScalarOperations<T extends Integer | Float> extends Group<T, T> {
  constructor(code: OperandStack, type: T) {
    super(code, type, type);
  }

  protected read(opcode: number, align: number, pointer: Operand<'i32'>, offset: number): Value<T> {
    const value = this.code.unary(opcode, 'i32', pointer, this.type);
    this.code.memarg(align, offset);
    return value;
  }
  protected write(opcode: number, align: number, pointer: Operand<'i32'>, value: Operand<T>, offset: number): void {
    this.code.arrange2('i32', pointer, this.type, value, false);
    this.code.opcode(opcode);
    this.code.memarg(align, offset);
  }
}

/** Integer instructions, the same of i32 and i64. */
export class IntegerOperations<T extends Integer> extends ScalarOperations<T> {
  declare readonly eqz: Unary<Operand<T>, 'i32'>;
  declare readonly eq: Binary<Operand<T>, 'i32'>;
  declare readonly ne: Binary<Operand<T>, 'i32'>;
  declare readonly ltS: Binary<Operand<T>, 'i32'>;
  declare readonly ltU: Binary<Operand<T>, 'i32'>;
  declare readonly gtS: Binary<Operand<T>, 'i32'>;
  declare readonly gtU: Binary<Operand<T>, 'i32'>;
  declare readonly leS: Binary<Operand<T>, 'i32'>;
  declare readonly leU: Binary<Operand<T>, 'i32'>;
  declare readonly geS: Binary<Operand<T>, 'i32'>;
  declare readonly geU: Binary<Operand<T>, 'i32'>;

  declare readonly clz: Unary<Operand<T>, T>;
  declare readonly ctz: Unary<Operand<T>, T>;
  declare readonly popcnt: Unary<Operand<T>, T>;
  declare readonly add: Binary<Operand<T>, T>;
  declare readonly sub: Binary<Operand<T>, T>;
  declare readonly mul: Binary<Operand<T>, T>;
  declare readonly divS: Binary<Operand<T>, T>;
  declare readonly divU: Binary<Operand<T>, T>;
  declare readonly remS: Binary<Operand<T>, T>;
  declare readonly remU: Binary<Operand<T>, T>;
  declare readonly and: Binary<Operand<T>, T>;
  declare readonly or: Binary<Operand<T>, T>;
  declare readonly xor: Binary<Operand<T>, T>;
  declare readonly shl: Binary<Operand<T>, T>;
  declare readonly shrS: Binary<Operand<T>, T>;
  declare readonly shrU: Binary<Operand<T>, T>;
  declare readonly rotl: Binary<Operand<T>, T>;
  declare readonly rotr: Binary<Operand<T>, T>;

  const(value: number | bigint): Value<T> {
    return this.code.literal(this.type, this.type, value);
  }

  load(pointer: Operand<'i32'>, offset = 0): Value<T> {
    return this.read(0x28 + this.wide, 2 + this.wide, pointer, offset);
  }
  load8u(pointer: Operand<'i32'>, offset = 0): Value<T> {
    return this.read(0x2d + 4 * this.wide, 0, pointer, offset);
  }
  load16u(pointer: Operand<'i32'>, offset = 0): Value<T> {
    return this.read(0x2f + 4 * this.wide, 1, pointer, offset);
  }
  store(pointer: Operand<'i32'>, value: Operand<T>, offset = 0): void {
    this.write(0x36 + this.wide, 2 + this.wide, pointer, value, offset);
  }
  store8(pointer: Operand<'i32'>, value: Operand<T>, offset = 0): void {
    this.write(0x3a + 2 * this.wide, 0, pointer, value, offset);
  }
  store16(pointer: Operand<'i32'>, value: Operand<T>, offset = 0): void {
    this.write(0x3b + 2 * this.wide, 1, pointer, value, offset);
  }

  /** Truncates to an integer; NaN gives 0, and what is too large the nearest end of the range. */
  truncSatF32S(a: Operand<'f32'>): Value<T> {
    return this.code.unary(misc + 4 * this.wide, 'f32', a, this.type);
  }
  truncSatF64S(a: Operand<'f64'>): Value<T> {
    return this.code.unary(misc + 2 + 4 * this.wide, 'f64', a, this.type);
  }
}

unaries(IntegerOperations, 0x45, 11, 'eqz', 'i32');
binaries(IntegerOperations, 0x46, 11, 'eq ne ltS ltU gtS gtU leS leU geS geU', 'i32');
unaries(IntegerOperations, 0x67, 18, 'clz ctz popcnt');
binaries(IntegerOperations, 0x6a, 18, 'add sub mul divS divU remS remU and or xor shl shrS shrU rotl rotr');

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
export class FloatOperations<T extends Float> extends ScalarOperations<T> {
  declare readonly eq: Binary<Operand<T>, 'i32'>;
  declare readonly ne: Binary<Operand<T>, 'i32'>;
  declare readonly lt: Binary<Operand<T>, 'i32'>;
  declare readonly gt: Binary<Operand<T>, 'i32'>;
  declare readonly le: Binary<Operand<T>, 'i32'>;
  declare readonly ge: Binary<Operand<T>, 'i32'>;

  declare readonly abs: Unary<Operand<T>, T>;
  declare readonly neg: Unary<Operand<T>, T>;
  declare readonly ceil: Unary<Operand<T>, T>;
  declare readonly floor: Unary<Operand<T>, T>;
  declare readonly trunc: Unary<Operand<T>, T>;
  /** Rounds to the nearest integer, halves to even. */
  declare readonly nearest: Unary<Operand<T>, T>;
  declare readonly sqrt: Unary<Operand<T>, T>;
  declare readonly add: Binary<Operand<T>, T>;
  declare readonly sub: Binary<Operand<T>, T>;
  declare readonly mul: Binary<Operand<T>, T>;
  declare readonly div: Binary<Operand<T>, T>;
  declare readonly min: Binary<Operand<T>, T>;
  declare readonly max: Binary<Operand<T>, T>;
  /** The magnitude of `a` with the sign of `b`. */
  declare readonly copysign: Binary<Operand<T>, T>;

  const(value: number): Value<T> {
    return this.code.literal(this.type, this.type, value);
  }
  load(pointer: Operand<'i32'>, offset = 0): Value<T> {
    return this.read(0x2a + this.wide, 2 + this.wide, pointer, offset);
  }
  store(pointer: Operand<'i32'>, value: Operand<T>, offset = 0): void {
    this.write(0x38 + this.wide, 2 + this.wide, pointer, value, offset);
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

  convertI32S(a: Operand<'i32'>): Value<T> {
    return this.#convert(0xb2, 'i32', a);
  }
  convertI32U(a: Operand<'i32'>): Value<T> {
    return this.#convert(0xb3, 'i32', a);
  }
  convertI64S(a: Operand<'i64'>): Value<T> {
    return this.#convert(0xb4, 'i64', a);
  }
  convertI64U(a: Operand<'i64'>): Value<T> {
    return this.#convert(0xb5, 'i64', a);
  }
  #convert<I extends Integer>(code: number, from: I, a: Operand<I>): Value<T> {
    return this.code.unary(code + 5 * this.wide, from, a, this.type);
  }
}

binaries(FloatOperations, 0x5b, 6, 'eq ne lt gt le ge', 'i32');
unaries(FloatOperations, 0x8b, 14, 'abs neg ceil floor trunc nearest sqrt');
binaries(FloatOperations, 0x92, 14, 'add sub mul div min max copysign');

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
