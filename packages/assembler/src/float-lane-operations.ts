import type { Pointer, Vector } from './lane.ts';
import { LaneOperations } from './lane-operations.ts';
import { type OperandStack, simd } from './operand-stack.ts';
import type { Lanes, Value } from './values.ts';

/** Lanes of floats; f64x2's arithmetic lies 12 behind f32x4's. */
export class FloatLaneOperations<E extends 'f32' | 'f64'> extends LaneOperations<E, Lanes> {
  readonly #wide: number;
  readonly #offset: number;
  /** Opcodes of ceil, floor, trunc, nearest. */
  readonly #rounding: readonly number[];

  constructor(code: OperandStack, element: E) {
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
    this.requireRelaxed();
    return this.lanes2(0x10d + 2 * this.#wide, a, b);
  }
  relaxedMax(a: Lanes, b: Lanes): Value<'v128'> {
    this.requireRelaxed();
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
