import type { Vector } from './lane.ts';
import { LaneOperations } from './lane-operations.ts';
import { type OperandStack, simd } from './operand-stack.ts';
import type { Lanes, Operand, Value, WideLanes } from './values.ts';

/** Lanes of integers, of which each instruction's opcode is given for i32x4; i64x2's arithmetic lies 0x20 behind. */
export class IntegerLaneOperations<E extends 'i32' | 'i64', L extends WideLanes> extends LaneOperations<E, L> {
  readonly #offset: number;
  /** Opcodes of eq, ne, lt, gt, le, ge (signed). */
  readonly #comparisons: readonly number[];

  constructor(code: OperandStack, element: E) {
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
    this.requireRelaxed();
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
