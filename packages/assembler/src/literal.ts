import type { ByteWriter } from './byte-writer.ts';
import { AssemblyError, type Shape } from './values.ts';

/** A number, of vectors in every lane or one for each. */
export type Literal = number | bigint | readonly (number | bigint)[];

/** Writes the instruction that makes a number or a vector. */
export function writeLiteral(out: ByteWriter, shape: Shape, value: Literal): void {
  switch (shape) {
    case 'i32':
      out.u8(0x41);
      out.s32(Number(value));
      break;
    case 'i64':
      out.u8(0x42);
      out.s64(value as number | bigint);
      break;
    case 'f32':
      out.u8(0x43);
      out.f32(Number(value));
      break;
    case 'f64':
      out.u8(0x44);
      out.f64(Number(value));
      break;
    case 'v128':
      throw new AssemblyError('A literal needs lanes: use f32x4, f64x2, i32x4 or i64x2.');
    default:
      out.u8u32(0xfd, 0x0c);
      writeLanes(out, shape, value);
  }
}

function writeLanes(out: ByteWriter, shape: Shape, lanes: Literal): void {
  const count = shape === 'f32x4' || shape === 'i32x4' ? 4 : 2;
  for (let i = 0; i < count; i++) {
    const lane = typeof lanes === 'object' ? lanes[i]! : lanes;
    if (shape === 'f32x4') out.f32(Number(lane));
    else if (shape === 'f64x2') out.f64(Number(lane));
    else if (shape === 'i32x4') out.i32Bytes(Number(lane));
    else out.i64Bytes(BigInt.asIntN(64, BigInt(lane)));
  }
}
