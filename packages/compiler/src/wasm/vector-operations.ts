import { type Code, simd } from './code.ts';
import { AssemblyError, type Lanes, type Operand, type Value, type WideLanes } from './values.ts';

type Vector = Exclude<Lanes, number>;
type Pointer = Operand<'i32'>;

/** Instructions that read a vector as 128 bits, whatever its lanes. */
export class V128Operations {
  readonly #code: Code;

  constructor(code: Code) {
    this.#code = code;
  }

  load(pointer: Pointer, offset = 0): Value<'v128'> {
    return this.#load(0x00, 4, pointer, offset);
  }
  /** One 32-bit number into every lane. */
  load32Splat(pointer: Pointer, offset = 0): Value<'v128'> {
    return this.#load(0x09, 2, pointer, offset);
  }
  load64Splat(pointer: Pointer, offset = 0): Value<'v128'> {
    return this.#load(0x0a, 3, pointer, offset);
  }
  /** One 32-bit number into lane 0, zeros elsewhere. */
  load32Zero(pointer: Pointer, offset = 0): Value<'v128'> {
    return this.#load(0x5c, 2, pointer, offset);
  }
  load64Zero(pointer: Pointer, offset = 0): Value<'v128'> {
    return this.#load(0x5d, 3, pointer, offset);
  }
  load32Lane(pointer: Pointer, vector: Vector, lane: number, offset = 0): Value<'v128'> {
    this.#lane(0x56, 2, pointer, vector, lane, offset);
    return this.#code.push('v128');
  }
  load64Lane(pointer: Pointer, vector: Vector, lane: number, offset = 0): Value<'v128'> {
    this.#lane(0x57, 3, pointer, vector, lane, offset);
    return this.#code.push('v128');
  }
  store(pointer: Pointer, vector: Vector, offset = 0): void {
    this.#code.arrange2('i32', pointer, 'v128', vector, false);
    this.#code.opcode(simd + 0x0b);
    this.#code.memarg(4, offset);
  }
  store32Lane(pointer: Pointer, vector: Vector, lane: number, offset = 0): void {
    this.#lane(0x5a, 2, pointer, vector, lane, offset);
  }
  store64Lane(pointer: Pointer, vector: Vector, lane: number, offset = 0): void {
    this.#lane(0x5b, 3, pointer, vector, lane, offset);
  }
  #load(code: number, align: number, pointer: Pointer, offset: number): Value<'v128'> {
    const value = this.#code.unary(simd + code, 'i32', pointer, 'v128');
    this.#code.memarg(align, offset);
    return value;
  }
  #lane(code: number, align: number, pointer: Pointer, vector: Vector, lane: number, offset: number): void {
    checkLane(lane, 1 << (4 - align));
    this.#code.arrange2('i32', pointer, 'v128', vector, false);
    this.#code.opcode(simd + code);
    this.#code.memarg(align, offset);
    this.#code.immediate(lane);
  }

  not(a: Vector): Value<'v128'> {
    return this.#code.unary(simd + 0x4d, 'v128', a, 'v128');
  }
  and(a: Vector, b: Vector): Value<'v128'> {
    return this.#code.binary(simd + 0x4e, 'v128', a, b, 'v128', true);
  }
  /** a and not b. */
  andnot(a: Vector, b: Vector): Value<'v128'> {
    return this.#code.binary(simd + 0x4f, 'v128', a, b, 'v128');
  }
  or(a: Vector, b: Vector): Value<'v128'> {
    return this.#code.binary(simd + 0x50, 'v128', a, b, 'v128', true);
  }
  xor(a: Vector, b: Vector): Value<'v128'> {
    return this.#code.binary(simd + 0x51, 'v128', a, b, 'v128', true);
  }
  /** The bits of `a` where the mask's are 1, of `b` where they are 0. */
  bitselect(a: Vector, b: Vector, mask: Vector): Value<'v128'> {
    return this.#code.ternary(simd + 0x52, 'v128', a, b, mask, 'v128');
  }
  anyTrue(a: Vector): Value<'i32'> {
    return this.#code.unary(simd + 0x53, 'v128', a, 'i32');
  }
  /** Sixteen bytes picked from the 32 of `a` and `b`. */
  shuffle(a: Vector, b: Vector, bytes: readonly number[]): Value<'v128'> {
    if (bytes.length !== 16) throw new AssemblyError(`A shuffle names 16 bytes, not ${bytes.length}.`);
    const value = this.#code.binary(simd + 0x0d, 'v128', a, b, 'v128');
    for (const byte of bytes) {
      checkLane(byte, 32);
      this.#code.immediate(byte);
    }
    return value;
  }
  /** Bytes of `a` at the indices in `b`; 0 where an index is 16 or more. */
  swizzle(a: Vector, b: Vector): Value<'v128'> {
    return this.#code.binary(simd + 0x0e, 'v128', a, b, 'v128');
  }
}

/** What lanes of every type have. `L` is what stands for a vector: a value, a local, a number in every lane. */
abstract class LaneOperations<E extends 'f32' | 'f64' | 'i32' | 'i64', L extends WideLanes> {
  readonly element: E;
  readonly laneCount: 2 | 4;
  readonly shape: 'f32x4' | 'f64x2' | 'i32x4' | 'i64x2';
  protected readonly code: Code;
  readonly #splat: number;
  readonly #extract: number;

  constructor(code: Code, element: E) {
    this.code = code;
    this.element = element;
    this.laneCount = element === 'f32' || element === 'i32' ? 4 : 2;
    this.shape = `${element}x${this.laneCount}` as LaneOperations<E, L>['shape'];
    const order = ['i32', 'i64', 'f32', 'f64'].indexOf(element);
    this.#splat = simd + 0x11 + order;
    this.#extract = simd + 0x1b + 2 * order;
  }

  /** A vector of literals: one number for all lanes, or one for each. */
  const(value: number | bigint | readonly (number | bigint)[]): Value<'v128'> {
    if (typeof value === 'object' && value.length !== this.laneCount) {
      throw new AssemblyError(`${this.shape} has ${this.laneCount} lanes, ${value.length} were given.`);
    }
    return this.code.literal(this.shape, 'v128', value);
  }
  splat(a: Operand<E>): Value<'v128'> {
    return this.code.unary(this.#splat, this.element, a, 'v128');
  }
  extractLane(a: Vector, lane: number): Value<E> {
    checkLane(lane, this.laneCount);
    const value = this.code.unary(this.#extract, 'v128', a, this.element);
    this.code.immediate(lane);
    return value;
  }
  replaceLane(a: L, lane: number, value: Operand<E>): Value<'v128'> {
    checkLane(lane, this.laneCount);
    this.code.arrange2(this.shape, a, this.element, value, false);
    this.code.opcode(this.#extract + 1);
    this.code.immediate(lane);
    return this.code.push('v128');
  }
  /** Lanes picked from those of `a`, numbered from 0, and of `b`, numbered on. */
  pick(a: Vector, b: Vector, lanes: readonly number[]): Value<'v128'> {
    if (lanes.length !== this.laneCount) throw new AssemblyError(`${this.shape} has ${this.laneCount} lanes.`);
    const value = this.code.binary(simd + 0x0d, 'v128', a, b, 'v128');
    const size = 16 / this.laneCount;
    for (const lane of lanes) {
      checkLane(lane, 2 * this.laneCount);
      for (let i = 0; i < size; i++) this.code.immediate(lane * size + i);
    }
    return value;
  }

  protected lanes1(code: number, a: L): Value<'v128'> {
    return this.code.unary(simd + code, this.shape, a, 'v128');
  }
  protected lanes2(code: number, a: L, b: L, commutes = false): Value<'v128'> {
    return this.code.binary(simd + code, this.shape, a, b, 'v128', commutes);
  }
}

/** Lanes of integers, of which each instruction's opcode is given for i32x4; i64x2's arithmetic lies 0x20 behind. */
export class IntegerLaneOperations<E extends 'i32' | 'i64', L extends WideLanes> extends LaneOperations<E, L> {
  readonly #offset: number;
  /** Opcodes of eq, ne, lt, gt, le, ge (signed). */
  readonly #comparisons: readonly number[];

  constructor(code: Code, element: E) {
    super(code, element);
    this.#offset = element === 'i64' ? 0x20 : 0;
    this.#comparisons = element === 'i64' ? [0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xdb] : [0x37, 0x38, 0x39, 0x3b, 0x3d, 0x3f];
  }

  abs(a: L): Value<'v128'> {
    return this.lanes1(0xa0 + this.#offset, a);
  }
  neg(a: L): Value<'v128'> {
    return this.lanes1(0xa1 + this.#offset, a);
  }
  allTrue(a: Vector): Value<'i32'> {
    return this.code.unary(simd + 0xa3 + this.#offset, 'v128', a, 'i32');
  }
  /** The lanes' sign bits as an integer, lane 0 lowest. */
  bitmask(a: Vector): Value<'i32'> {
    return this.code.unary(simd + 0xa4 + this.#offset, 'v128', a, 'i32');
  }
  shl(a: L, count: Operand<'i32'>): Value<'v128'> {
    return this.#shift(0xab, a, count);
  }
  /** Fast on i32x4; on i64x2 x86 takes several instructions. */
  shrS(a: L, count: Operand<'i32'>): Value<'v128'> {
    return this.#shift(0xac, a, count);
  }
  shrU(a: L, count: Operand<'i32'>): Value<'v128'> {
    return this.#shift(0xad, a, count);
  }
  #shift(code: number, a: L, count: Operand<'i32'>): Value<'v128'> {
    this.code.arrange2(this.shape, a, 'i32', count, false);
    this.code.opcode(simd + code + this.#offset);
    return this.code.push('v128');
  }
  add(a: L, b: L): Value<'v128'> {
    return this.lanes2(0xae + this.#offset, a, b, true);
  }
  sub(a: L, b: L): Value<'v128'> {
    return this.lanes2(0xb1 + this.#offset, a, b);
  }
  mul(a: L, b: L): Value<'v128'> {
    return this.lanes2(0xb5 + this.#offset, a, b, true);
  }
  eq(a: L, b: L): Value<'v128'> {
    return this.lanes2(this.#comparisons[0]!, a, b);
  }
  ne(a: L, b: L): Value<'v128'> {
    return this.lanes2(this.#comparisons[1]!, a, b);
  }
  ltS(a: L, b: L): Value<'v128'> {
    return this.lanes2(this.#comparisons[2]!, a, b);
  }
  gtS(a: L, b: L): Value<'v128'> {
    return this.lanes2(this.#comparisons[3]!, a, b);
  }
  leS(a: L, b: L): Value<'v128'> {
    return this.lanes2(this.#comparisons[4]!, a, b);
  }
  geS(a: L, b: L): Value<'v128'> {
    return this.lanes2(this.#comparisons[5]!, a, b);
  }
  /** Whole lanes of `a` where the mask is all ones, of `b` where it is zero; needs relaxed SIMD. */
  relaxedLaneselect(a: L, b: L, mask: Vector): Value<'v128'> {
    requireRelaxed(this.code);
    this.code.arrange3(this.shape, a, this.shape, b, 'v128', mask, false);
    this.code.opcode(simd + (this.element === 'i64' ? 0x10c : 0x10b));
    return this.code.push('v128');
  }
}

export class I32x4Operations extends IntegerLaneOperations<'i32', Lanes> {
  minS(a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(0xb6, a, b, true);
  }
  minU(a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(0xb7, a, b, true);
  }
  maxS(a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(0xb8, a, b, true);
  }
  maxU(a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(0xb9, a, b, true);
  }
  ltU(a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(0x3a, a, b);
  }
  gtU(a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(0x3c, a, b);
  }
  leU(a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(0x3e, a, b);
  }
  geU(a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(0x40, a, b);
  }
  truncSatF32x4S(a: Vector): Value<'v128'> {
    return this.code.unary(simd + 0xf8, 'v128', a, 'v128');
  }
  truncSatF32x4U(a: Vector): Value<'v128'> {
    return this.code.unary(simd + 0xf9, 'v128', a, 'v128');
  }
  /** Two doubles to two integers, the upper lanes 0. */
  truncSatF64x2SZero(a: Vector): Value<'v128'> {
    return this.code.unary(simd + 0xfc, 'v128', a, 'v128');
  }
  truncSatF64x2UZero(a: Vector): Value<'v128'> {
    return this.code.unary(simd + 0xfd, 'v128', a, 'v128');
  }
}

export class I64x2Operations extends IntegerLaneOperations<'i64', WideLanes> {
  extendLowI32x4S(a: Vector): Value<'v128'> {
    return this.code.unary(simd + 0xc7, 'v128', a, 'v128');
  }
  extendHighI32x4S(a: Vector): Value<'v128'> {
    return this.code.unary(simd + 0xc8, 'v128', a, 'v128');
  }
  extendLowI32x4U(a: Vector): Value<'v128'> {
    return this.code.unary(simd + 0xc9, 'v128', a, 'v128');
  }
  extendHighI32x4U(a: Vector): Value<'v128'> {
    return this.code.unary(simd + 0xca, 'v128', a, 'v128');
  }
}

/** Lanes of floats; f64x2's arithmetic lies 12 behind f32x4's. */
export class FloatLaneOperations<E extends 'f32' | 'f64'> extends LaneOperations<E, Lanes> {
  readonly #wide: number;
  readonly #offset: number;
  /** Opcodes of ceil, floor, trunc, nearest. */
  readonly #rounding: readonly number[];

  constructor(code: Code, element: E) {
    super(code, element);
    this.#wide = element === 'f64' ? 1 : 0;
    this.#offset = 12 * this.#wide;
    this.#rounding = element === 'f64' ? [0x74, 0x75, 0x7a, 0x94] : [0x67, 0x68, 0x69, 0x6a];
  }

  load(pointer: Pointer, offset = 0): Value<'v128'> {
    const value = this.code.unary(simd, 'i32', pointer, 'v128');
    this.code.memarg(2 + this.#wide, offset);
    return value;
  }
  loadSplat(pointer: Pointer, offset = 0): Value<'v128'> {
    const value = this.code.unary(simd + 0x09 + this.#wide, 'i32', pointer, 'v128');
    this.code.memarg(2 + this.#wide, offset);
    return value;
  }
  store(pointer: Pointer, value: Lanes, offset = 0): void {
    this.code.arrange2('i32', pointer, this.shape, value, false);
    this.code.opcode(simd + 0x0b);
    this.code.memarg(2 + this.#wide, offset);
  }

  eq(a: Lanes, b: Lanes): Value<'v128'> {
    return this.#compare(0x41, a, b);
  }
  ne(a: Lanes, b: Lanes): Value<'v128'> {
    return this.#compare(0x42, a, b);
  }
  lt(a: Lanes, b: Lanes): Value<'v128'> {
    return this.#compare(0x43, a, b);
  }
  gt(a: Lanes, b: Lanes): Value<'v128'> {
    return this.#compare(0x44, a, b);
  }
  le(a: Lanes, b: Lanes): Value<'v128'> {
    return this.#compare(0x45, a, b);
  }
  ge(a: Lanes, b: Lanes): Value<'v128'> {
    return this.#compare(0x46, a, b);
  }
  #compare(code: number, a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(code + 6 * this.#wide, a, b);
  }

  ceil(a: Lanes): Value<'v128'> {
    return this.lanes1(this.#rounding[0]!, a);
  }
  floor(a: Lanes): Value<'v128'> {
    return this.lanes1(this.#rounding[1]!, a);
  }
  trunc(a: Lanes): Value<'v128'> {
    return this.lanes1(this.#rounding[2]!, a);
  }
  /** Rounds to the nearest integer, halves to even. */
  nearest(a: Lanes): Value<'v128'> {
    return this.lanes1(this.#rounding[3]!, a);
  }
  abs(a: Lanes): Value<'v128'> {
    return this.lanes1(0xe0 + this.#offset, a);
  }
  neg(a: Lanes): Value<'v128'> {
    return this.lanes1(0xe1 + this.#offset, a);
  }
  sqrt(a: Lanes): Value<'v128'> {
    return this.lanes1(0xe3 + this.#offset, a);
  }
  add(a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(0xe4 + this.#offset, a, b, true);
  }
  sub(a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(0xe5 + this.#offset, a, b);
  }
  mul(a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(0xe6 + this.#offset, a, b, true);
  }
  div(a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(0xe7 + this.#offset, a, b);
  }
  /** IEEE minimum: NaN if either is, and -0 below +0; several instructions on x86, where `pmin` is one. */
  min(a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(0xe8 + this.#offset, a, b, true);
  }
  max(a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(0xe9 + this.#offset, a, b, true);
  }
  /** b < a ? b : a, so a NaN in `a` stays. */
  pmin(a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(0xea + this.#offset, a, b);
  }
  /** a < b ? b : a, so a NaN in `a` stays. */
  pmax(a: Lanes, b: Lanes): Value<'v128'> {
    return this.lanes2(0xeb + this.#offset, a, b);
  }
  /** a b + c: with relaxed SIMD one instruction, which most machines round once; without it a product and a sum. */
  fma(a: Lanes, b: Lanes, c: Lanes): Value<'v128'> {
    if (this.code.relaxedSimd) {
      return this.code.ternary(simd + 0x105 + 2 * this.#wide, this.shape, a, b, c, 'v128', true);
    }
    const last = this.code.aside(this.shape, c);
    const sum = this.add(this.mul(a, b), last as Lanes);
    this.code.asideDone(last, c);
    return sum;
  }
  /** c - a b, as `fma`. */
  fnma(a: Lanes, b: Lanes, c: Lanes): Value<'v128'> {
    if (this.code.relaxedSimd) {
      return this.code.ternary(simd + 0x106 + 2 * this.#wide, this.shape, a, b, c, 'v128', true);
    }
    const last = this.code.aside(this.shape, c);
    const difference = this.sub(last as Lanes, this.mul(a, b));
    this.code.asideDone(last, c);
    return difference;
  }
  /** A minimum of unspecified treatment of NaN and signed zeros, one instruction; needs relaxed SIMD. */
  relaxedMin(a: Lanes, b: Lanes): Value<'v128'> {
    requireRelaxed(this.code);
    return this.lanes2(0x10d + 2 * this.#wide, a, b);
  }
  relaxedMax(a: Lanes, b: Lanes): Value<'v128'> {
    requireRelaxed(this.code);
    return this.lanes2(0x10e + 2 * this.#wide, a, b);
  }
}

export class F32x4Operations extends FloatLaneOperations<'f32'> {
  convertI32x4S(a: Vector): Value<'v128'> {
    return this.code.unary(simd + 0xfa, 'v128', a, 'v128');
  }
  convertI32x4U(a: Vector): Value<'v128'> {
    return this.code.unary(simd + 0xfb, 'v128', a, 'v128');
  }
  /** Two doubles to two floats, the upper lanes 0. */
  demoteF64x2Zero(a: Vector): Value<'v128'> {
    return this.code.unary(simd + 0x5e, 'v128', a, 'v128');
  }
}

export class F64x2Operations extends FloatLaneOperations<'f64'> {
  convertLowI32x4S(a: Vector): Value<'v128'> {
    return this.code.unary(simd + 0xfe, 'v128', a, 'v128');
  }
  convertLowI32x4U(a: Vector): Value<'v128'> {
    return this.code.unary(simd + 0xff, 'v128', a, 'v128');
  }
  promoteLowF32x4(a: Vector): Value<'v128'> {
    return this.code.unary(simd + 0x5f, 'v128', a, 'v128');
  }
}

function checkLane(lane: number, count: number): void {
  if (!(Number.isInteger(lane) && lane >= 0 && lane < count)) {
    throw new AssemblyError(`Lane ${lane} is not one of 0 to ${count - 1}.`);
  }
}

function requireRelaxed(code: Code): void {
  if (!code.relaxedSimd) throw new AssemblyError('The module was built without relaxed SIMD.');
}
