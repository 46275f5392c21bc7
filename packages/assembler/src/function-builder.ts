import { Code } from './code.ts';
import { F32x4Operations, F64x2Operations } from './float-lane-operations.ts';
import { I32x4Operations, I64x2Operations } from './integer-lane-operations.ts';
import { atomic, type CodeOptions, misc } from './operand-stack.ts';
import { F32Operations, F64Operations, I32Operations, I64Operations } from './scalar-operations.ts';
import { V128Operations } from './v128-operations.ts';
import type { Operand, Value, ValueType } from './values.ts';

/** Builds one function: control flow and locals by its own methods, instructions by their type's group. */
export class FunctionBuilder extends Code {
  readonly i32: I32Operations;
  readonly i64: I64Operations;
  readonly f32: F32Operations;
  readonly f64: F64Operations;
  readonly v128: V128Operations;
  readonly i32x4: I32x4Operations;
  readonly i64x2: I64x2Operations;
  readonly f32x4: F32x4Operations;
  readonly f64x2: F64x2Operations;

  constructor(paramCount: number, results: readonly ValueType[], options: CodeOptions = {}) {
    super(paramCount, results, options);
    this.i32 = new I32Operations(this, 'i32');
    this.i64 = new I64Operations(this, 'i64');
    this.f32 = new F32Operations(this, 'f32');
    this.f64 = new F64Operations(this, 'f64');
    this.v128 = new V128Operations(this);
    this.i32x4 = new I32x4Operations(this, 'i32');
    this.i64x2 = new I64x2Operations(this, 'i64');
    this.f32x4 = new F32x4Operations(this, 'f32');
    this.f64x2 = new F64x2Operations(this, 'f64');
  }

  /** The memory's size in pages of 64 KiB. */
  memorySize(): Value<'i32'> {
    this.opcode(0x3f);
    this.immediate(0);
    return this.push('i32');
  }

  /** Grows the memory; the old size in pages, or -1. */
  memoryGrow(pages: Operand<'i32'>): Value<'i32'> {
    const size = this.unary(0x40, 'i32', pages, 'i32');
    this.immediate(0);
    return size;
  }

  /** Copies bytes, which may overlap. */
  memoryCopy(to: Operand<'i32'>, from: Operand<'i32'>, bytes: Operand<'i32'>): void {
    this.arrange3('i32', to, 'i32', from, 'i32', bytes, false);
    this.opcode(misc + 10);
    this.immediate(0);
    this.immediate(0);
  }

  /** Fills bytes with one value. */
  memoryFill(to: Operand<'i32'>, value: Operand<'i32'>, bytes: Operand<'i32'>): void {
    this.arrange3('i32', to, 'i32', value, 'i32', bytes, false);
    this.opcode(misc + 11);
    this.immediate(0);
  }

  /** Wakes up to `count` threads that wait at the address; how many were woken. */
  atomicNotify(pointer: Operand<'i32'>, count: Operand<'i32'>, offset = 0): Value<'i32'> {
    return this.#atomic(0x00, pointer, count, offset);
  }

  /** Waits at the address while it holds `expected`: 0 woken, 1 not equal, 2 timed out (nanoseconds, -1 never). */
  atomicWait32(pointer: Operand<'i32'>, expected: Operand<'i32'>, timeout: Operand<'i64'>, offset = 0): Value<'i32'> {
    this.arrange3('i32', pointer, 'i32', expected, 'i64', timeout, false);
    this.opcode(atomic + 0x01);
    this.memarg(2, offset);
    return this.push('i32');
  }

  atomicLoad32(pointer: Operand<'i32'>, offset = 0): Value<'i32'> {
    const value = this.unary(atomic + 0x10, 'i32', pointer, 'i32');
    this.memarg(2, offset);
    return value;
  }

  atomicStore32(pointer: Operand<'i32'>, value: Operand<'i32'>, offset = 0): void {
    this.arrange2('i32', pointer, 'i32', value, false);
    this.opcode(atomic + 0x17);
    this.memarg(2, offset);
  }

  /** Adds to the number at the address; what it was before. */
  atomicAdd32(pointer: Operand<'i32'>, value: Operand<'i32'>, offset = 0): Value<'i32'> {
    return this.#atomic(0x1e, pointer, value, offset);
  }

  #atomic(code: number, pointer: Operand<'i32'>, value: Operand<'i32'>, offset: number): Value<'i32'> {
    const old = this.binary(atomic + code, 'i32', pointer, value, 'i32');
    this.memarg(2, offset);
    return old;
  }
}
