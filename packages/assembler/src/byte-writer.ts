const encoder = new TextEncoder();
const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

/** A growing list of bytes with WebAssembly's encodings: LEB128 integers, little-endian floats, counted names. */
export class ByteWriter {
  readonly bytes: number[] = [];

  u8(value: number): void {
    this.bytes.push(value);
  }

  /** Unsigned LEB128 of an integer in [0, 2^32). */
  u32(value: number): void {
    if (!(value >= 0 && value <= 0xffffffff && Number.isInteger(value))) {
      throw new RangeError(`${value} is not an unsigned 32-bit integer.`);
    }
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.bytes.push((rest & 0x7f) | 0x80);
    this.bytes.push(rest);
  }

  /** A byte, mostly an opcode, and an unsigned integer behind it. */
  u8u32(byte: number, value: number): void {
    // Most are short.
    if (value === (value & 0x7f)) {
      this.bytes.push(byte, value);
    } else {
      this.bytes.push(byte);
      this.u32(value);
    }
  }

  /** Signed LEB128 of an integer in [-2^31, 2^32); the upper half is read as two's complement. */
  s32(value: number): void {
    if (!(value >= -0x80000000 && value <= 0xffffffff && Number.isInteger(value))) {
      throw new RangeError(`${value} is not a 32-bit integer.`);
    }
    let rest = value | 0;
    for (; rest > 0x3f || rest < -0x40; rest >>= 7) this.bytes.push((rest & 0x7f) | 0x80);
    this.bytes.push(rest & 0x7f);
  }

  /** Signed LEB128 of an integer in [-2^63, 2^64); the upper half is read as two's complement. */
  s64(value: bigint | number): void {
    if (typeof value === 'number' && value >= -0x80000000 && value <= 0x7fffffff) {
      this.s32(value);
      return;
    }
    const exact = BigInt(value);
    if (exact < -(1n << 63n) || exact >= 1n << 64n) throw new RangeError(`${exact} is not a 64-bit integer.`);
    let rest = BigInt.asIntN(64, exact);
    for (; rest > 0x3fn || rest < -0x40n; rest >>= 7n) this.bytes.push(Number(rest & 0x7fn) | 0x80);
    this.bytes.push(Number(rest & 0x7fn));
  }

  /** Four bytes, little-endian: an i32 lane. */
  i32Bytes(value: number): void {
    scratch.setInt32(0, value, true);
    this.#scratch();
  }

  /** Eight bytes, little-endian: an i64 lane. */
  i64Bytes(value: bigint): void {
    scratch.setBigInt64(0, value, true);
    this.#scratch();
    this.#scratch(4);
  }

  f32(value: number): void {
    scratch.setFloat32(0, value, true);
    this.#scratch();
  }

  f64(value: number): void {
    scratch.setFloat64(0, value, true);
    this.#scratch();
    this.#scratch(4);
  }

  #scratch(at = 0): void {
    const bytes = scratchBytes;
    this.bytes.push(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);
  }

  /** A counted UTF-8 string. */
  name(text: string): void {
    const bytes = encoder.encode(text);
    this.u32(bytes.length);
    this.bytes.push(...bytes);
  }
}

/** The parts one after the other. */
export function joined(parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
