const encoder = new TextEncoder();

/** A growing byte buffer with WebAssembly's encodings: LEB128 integers, little-endian floats, counted names. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  u8(value: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** Unsigned LEB128 of an integer in [0, 2^32). */
  u32(value: number): void {
    // Most are short.
    if (value === (value & 0x7f)) {
      this.u8(value);
      return;
    }
    if (!(value >= 0 && value <= 0xffffffff && Number.isInteger(value))) {
      throw new RangeError(`${value} is not an unsigned 32-bit integer.`);
    }
    this.#reserve(5);
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Signed LEB128 of an integer in [-2^31, 2^32); the upper half is read as two's complement. */
  s32(value: number): void {
    if (value === (value & 0x3f)) {
      this.u8(value);
      return;
    }
    if (!(value >= -0x80000000 && value <= 0xffffffff && Number.isInteger(value))) {
      throw new RangeError(`${value} is not a 32-bit integer.`);
    }
    this.#reserve(5);
    let rest = value | 0;
    while (rest > 0x3f || rest < -0x40) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>= 7;
    }
    this.#bytes[this.#length++] = rest & 0x7f;
  }

  /** Signed LEB128 of an integer in [-2^63, 2^64); the upper half is read as two's complement. */
  s64(value: bigint | number): void {
    if (typeof value === 'number' && value >= -0x80000000 && value <= 0x7fffffff) {
      this.s32(value);
      return;
    }
    const exact = BigInt(value);
    if (exact < -(1n << 63n) || exact >= 1n << 64n) throw new RangeError(`${exact} is not a 64-bit integer.`);
    this.#reserve(10);
    let rest = BigInt.asIntN(64, exact);
    while (rest > 0x3fn || rest < -0x40n) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest & 0x7fn);
  }

  /** Four bytes, little-endian: an i32 lane. */
  i32Bytes(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#length, value, true);
    this.#length += 4;
  }

  /** Eight bytes, little-endian: an i64 lane. */
  i64Bytes(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#length, value, true);
    this.#length += 8;
  }

  f32(value: number): void {
    this.#reserve(4);
    this.#view.setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** A byte count, then the bytes. */
  counted(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.raw(bytes);
  }

  /** A counted UTF-8 string. */
  name(text: string): void {
    this.counted(encoder.encode(text));
  }

  /** A view of what was written; the next write may leave it stale. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }
}
