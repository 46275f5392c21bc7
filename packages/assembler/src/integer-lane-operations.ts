import { type Binary, binaries, type Unary, unaries } from './group.ts';
import type { Vector } from './lane.ts';
import { LaneOperations } from './lane-operations.ts';
import { simd } from './operand-stack.ts';
import type { Lanes, Operand, Value, WideLanes } from './values.ts';

/** Lanes of integers. */
export class IntegerLaneOperations<E extends 'i32' | 'i64', L extends WideLanes> extends LaneOperations<E, L> {
  declare readonly abs: Unary<L, 'v128'>;
  declare readonly neg: Unary<L, 'v128'>;
  declare readonly allTrue: Unary<Vector, 'i32'>;
  /** The lanes' sign bits as an integer, lane 0 lowest. */
  declare readonly bitmask: Unary<Vector, 'i32'>;
  declare readonly add: Binary<L, 'v128'>;
  declare readonly sub: Binary<L, 'v128'>;
  declare readonly mul: Binary<L, 'v128'>;
  declare readonly eq: Binary<L, 'v128'>;
  declare readonly ne: Binary<L, 'v128'>;
  declare readonly ltS: Binary<L, 'v128'>;
  declare readonly gtS: Binary<L, 'v128'>;
  declare readonly leS: Binary<L, 'v128'>;
  declare readonly geS: Binary<L, 'v128'>;

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
    this.code.opcode(simd + code + 0x20 * this.wide);
    return this.code.push('v128');
  }
  /** Whole lanes of `a` where the mask is all ones, of `b` where it is zero; needs relaxed SIMD. */
  relaxedLaneselect(a: L, b: L, mask: Vector): Value<'v128'> {
    this.requireRelaxed();
    this.code.arrange3(this.shape, a, this.shape, b, 'v128', mask, false);
    this.code.opcode(simd + 0x10b + this.wide);
    return this.code.push('v128');
  }
}

unaries(IntegerLaneOperations, simd + 0xa0, 0x20, 'abs neg');
unaries(IntegerLaneOperations, simd + 0xa3, 0x20, 'allTrue bitmask', 'i32');
binaries(IntegerLaneOperations, simd + 0xae, 0x20, 'add');
binaries(IntegerLaneOperations, simd + 0xb1, 0x20, 'sub');
binaries(IntegerLaneOperations, simd + 0xb5, 0x20, 'mul');

export class I32x4Operations extends IntegerLaneOperations<'i32', Lanes> {
  declare readonly ltU: Binary<Lanes, 'v128'>;
  declare readonly gtU: Binary<Lanes, 'v128'>;
  declare readonly leU: Binary<Lanes, 'v128'>;
  declare readonly geU: Binary<Lanes, 'v128'>;
  declare readonly minS: Binary<Lanes, 'v128'>;
  declare readonly minU: Binary<Lanes, 'v128'>;
  declare readonly maxS: Binary<Lanes, 'v128'>;
  declare readonly maxU: Binary<Lanes, 'v128'>;
  declare readonly truncSatF32x4S: Unary<Vector, 'v128'>;
  declare readonly truncSatF32x4U: Unary<Vector, 'v128'>;
  /** Two doubles to two integers, the upper lanes 0. */
  declare readonly truncSatF64x2SZero: Unary<Vector, 'v128'>;
  declare readonly truncSatF64x2UZero: Unary<Vector, 'v128'>;
}

binaries(I32x4Operations, simd + 0x37, 0, 'eq ne ltS ltU gtS gtU leS leU geS geU');
binaries(I32x4Operations, simd + 0xb6, 0, 'minS minU maxS maxU');
unaries(I32x4Operations, simd + 0xf8, 0, 'truncSatF32x4S truncSatF32x4U');
unaries(I32x4Operations, simd + 0xfc, 0, 'truncSatF64x2SZero truncSatF64x2UZero');

export class I64x2Operations extends IntegerLaneOperations<'i64', WideLanes> {
  declare readonly extendLowI32x4S: Unary<Vector, 'v128'>;
  declare readonly extendHighI32x4S: Unary<Vector, 'v128'>;
  declare readonly extendLowI32x4U: Unary<Vector, 'v128'>;
  declare readonly extendHighI32x4U: Unary<Vector, 'v128'>;
}

binaries(I64x2Operations, simd + 0xd6, 0, 'eq ne ltS gtS leS geS');
unaries(I64x2Operations, simd + 0xc7, 0, 'extendLowI32x4S extendHighI32x4S extendLowI32x4U extendHighI32x4U');
