import { type Binary, binaries, type Unary, unaries } from './group.ts';
import type { Pointer, Vector } from './lane.ts';
import { LaneOperations } from './lane-operations.ts';
import { simd } from './operand-stack.ts';
import type { Lanes, Value } from './values.ts';

/** Lanes of floats. */
export class FloatLaneOperations<E extends 'f32' | 'f64'> extends LaneOperations<E, Lanes> {
  declare readonly eq: Binary<Lanes, 'v128'>;
  declare readonly ne: Binary<Lanes, 'v128'>;
  declare readonly lt: Binary<Lanes, 'v128'>;
  declare readonly gt: Binary<Lanes, 'v128'>;
  declare readonly le: Binary<Lanes, 'v128'>;
  declare readonly ge: Binary<Lanes, 'v128'>;

  declare readonly ceil: Unary<Lanes, 'v128'>;
  declare readonly floor: Unary<Lanes, 'v128'>;
  declare readonly trunc: Unary<Lanes, 'v128'>;
  /** Rounds to the nearest integer, halves to even. */
  declare readonly nearest: Unary<Lanes, 'v128'>;
  declare readonly abs: Unary<Lanes, 'v128'>;
  declare readonly neg: Unary<Lanes, 'v128'>;
  declare readonly sqrt: Unary<Lanes, 'v128'>;
  declare readonly add: Binary<Lanes, 'v128'>;
  declare readonly sub: Binary<Lanes, 'v128'>;
  declare readonly mul: Binary<Lanes, 'v128'>;
  declare readonly div: Binary<Lanes, 'v128'>;
  /** IEEE minimum: NaN if either is, and -0 below +0; several instructions on x86, where `pmin` is one. */
  declare readonly min: Binary<Lanes, 'v128'>;
  declare readonly max: Binary<Lanes, 'v128'>;
  /** b < a ? b : a, so a NaN in `a` stays. */
  declare readonly pmin: Binary<Lanes, 'v128'>;
  /** a < b ? b : a, so a NaN in `a` stays. */
  declare readonly pmax: Binary<Lanes, 'v128'>;

  load(pointer: Pointer, offset = 0): Value<'v128'> {
    return this.#load(simd, pointer, offset);
  }
  loadSplat(pointer: Pointer, offset = 0): Value<'v128'> {
    return this.#load(simd + 0x09 + this.wide, pointer, offset);
  }
  #load(code: number, pointer: Pointer, offset: number): Value<'v128'> {
    const value = this.code.unary(code, 'i32', pointer, 'v128');
    this.code.memarg(2 + this.wide, offset);
    return value;
  }
  store(pointer: Pointer, value: Lanes, offset = 0): void {
    this.code.arrange2('i32', pointer, this.shape, value, false);
    this.code.opcode(simd + 0x0b);
    this.code.memarg(2 + this.wide, offset);
  }

  /** a b + c: with relaxed SIMD one instruction, which most machines round once; without it a product and a sum. */
  fma(a: Lanes, b: Lanes, c: Lanes): Value<'v128'> {
    if (this.code.relaxedSimd) return this.#fused(0x105, a, b, c);
    const last = this.code.aside(this.shape, c);
    const sum = this.add(this.mul(a, b), last as Lanes);
    this.code.asideDone(last, c);
    return sum;
  }
  /** c - a b, as `fma`. */
  fnma(a: Lanes, b: Lanes, c: Lanes): Value<'v128'> {
    if (this.code.relaxedSimd) return this.#fused(0x106, a, b, c);
    const last = this.code.aside(this.shape, c);
    const difference = this.sub(last as Lanes, this.mul(a, b));
    this.code.asideDone(last, c);
    return difference;
  }
  #fused(code: number, a: Lanes, b: Lanes, c: Lanes): Value<'v128'> {
    return this.code.ternary(simd + code + 2 * this.wide, this.shape, a, b, c, 'v128', true);
  }
  /** A minimum of unspecified treatment of NaN and signed zeros, one instruction; needs relaxed SIMD. */
  relaxedMin(a: Lanes, b: Lanes): Value<'v128'> {
    return this.#relaxed(0x10d, a, b);
  }
  relaxedMax(a: Lanes, b: Lanes): Value<'v128'> {
    return this.#relaxed(0x10e, a, b);
  }
  #relaxed(code: number, a: Lanes, b: Lanes): Value<'v128'> {
    this.requireRelaxed();
    return this.code.binary(simd + code + 2 * this.wide, this.shape, a, b, 'v128');
  }
}

binaries(FloatLaneOperations, simd + 0x41, 6, 'eq ne lt gt le ge');
unaries(FloatLaneOperations, simd + 0x67, 0x0d, 'ceil floor');
unaries(FloatLaneOperations, simd + 0x69, 0x11, 'trunc');
unaries(FloatLaneOperations, simd + 0x6a, 0x2a, 'nearest');
unaries(FloatLaneOperations, simd + 0xe0, 12, 'abs neg');
unaries(FloatLaneOperations, simd + 0xe3, 12, 'sqrt');
binaries(FloatLaneOperations, simd + 0xe4, 12, 'add sub mul div min max pmin pmax');

export class F32x4Operations extends FloatLaneOperations<'f32'> {
  declare readonly convertI32x4S: Unary<Vector, 'v128'>;
  declare readonly convertI32x4U: Unary<Vector, 'v128'>;
  /** Two doubles to two floats, the upper lanes 0. */
  declare readonly demoteF64x2Zero: Unary<Vector, 'v128'>;
}

unaries(F32x4Operations, simd + 0xfa, 0, 'convertI32x4S convertI32x4U');
unaries(F32x4Operations, simd + 0x5e, 0, 'demoteF64x2Zero');

export class F64x2Operations extends FloatLaneOperations<'f64'> {
  declare readonly convertLowI32x4S: Unary<Vector, 'v128'>;
  declare readonly convertLowI32x4U: Unary<Vector, 'v128'>;
  declare readonly promoteLowF32x4: Unary<Vector, 'v128'>;
}

unaries(F64x2Operations, simd + 0xfe, 0, 'convertLowI32x4S convertLowI32x4U');
unaries(F64x2Operations, simd + 0x5f, 0, 'promoteLowF32x4');
