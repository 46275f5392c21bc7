import { type Binary, binaries, Group, type Unary, unaries } from './group.ts';
import { checkLane, type Pointer, type Vector } from './lane.ts';
import { type OperandStack, simd } from './operand-stack.ts';
import { AssemblyError, type Value } from './values.ts';

/** Instructions that read a vector as 128 bits, whatever its lanes. */
export class V128Operations extends Group<'v128', 'v128'> {
  declare readonly not: Unary<Vector, 'v128'>;
  declare readonly and: Binary<Vector, 'v128'>;
  /** a and not b. */
  declare readonly andnot: Binary<Vector, 'v128'>;
  declare readonly or: Binary<Vector, 'v128'>;
  declare readonly xor: Binary<Vector, 'v128'>;
  declare readonly anyTrue: Unary<Vector, 'i32'>;
  /** Bytes of `a` at the indices in `b`; 0 where an index is 16 or more. */
  declare readonly swizzle: Binary<Vector, 'v128'>;

  constructor(code: OperandStack) {
    super(code, 'v128', 'v128');
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
    return this.code.push('v128');
  }
  load64Lane(pointer: Pointer, vector: Vector, lane: number, offset = 0): Value<'v128'> {
    this.#lane(0x57, 3, pointer, vector, lane, offset);
    return this.code.push('v128');
  }
  store(pointer: Pointer, vector: Vector, offset = 0): void {
    this.code.arrange2('i32', pointer, 'v128', vector, false);
    this.code.opcode(simd + 0x0b);
    this.code.memarg(4, offset);
  }
  store32Lane(pointer: Pointer, vector: Vector, lane: number, offset = 0): void {
    this.#lane(0x5a, 2, pointer, vector, lane, offset);
  }
  store64Lane(pointer: Pointer, vector: Vector, lane: number, offset = 0): void {
    this.#lane(0x5b, 3, pointer, vector, lane, offset);
  }
  #load(code: number, align: number, pointer: Pointer, offset: number): Value<'v128'> {
    const value = this.code.unary(simd + code, 'i32', pointer, 'v128');
    this.code.memarg(align, offset);
    return value;
  }
  #lane(code: number, align: number, pointer: Pointer, vector: Vector, lane: number, offset: number): void {
    checkLane(lane, 1 << (4 - align));
    this.code.arrange2('i32', pointer, 'v128', vector, false);
    this.code.opcode(simd + code);
    this.code.memarg(align, offset);
    this.code.immediate(lane);
  }

  /** The bits of `a` where the mask's are 1, of `b` where they are 0. */
  bitselect(a: Vector, b: Vector, mask: Vector): Value<'v128'> {
    return this.code.ternary(simd + 0x52, 'v128', a, b, mask, 'v128');
  }
  /** Sixteen bytes picked from the 32 of `a` and `b`. */
  shuffle(a: Vector, b: Vector, bytes: readonly number[]): Value<'v128'> {
    if (bytes.length !== 16) throw new AssemblyError(`A shuffle names 16 bytes, not ${bytes.length}.`);
    const value = this.code.binary(simd + 0x0d, 'v128', a, b, 'v128');
    for (const byte of bytes) {
      checkLane(byte, 32);
      this.code.immediate(byte);
    }
    return value;
  }
}

unaries(V128Operations, simd + 0x4d, 0, 'not');
binaries(V128Operations, simd + 0x4e, 0, 'and andnot or xor');
unaries(V128Operations, simd + 0x53, 0, 'anyTrue', 'i32');
binaries(V128Operations, simd + 0x0e, 0, 'swizzle');
