/** Components of a slab, and of the largest array that is cut from one. */
const slabSize = 32_768;
const largestPiece = 8192;

let slab = new Float64Array(slabSize);
let next = 0;

/**
 * A new array of zeros. Arrays of more than 64 bytes that own their memory cost V8 over a microsecond each, and as much again
 * when they are collected, so all but large ones are views of a common buffer.
 */
export function newArray(length: number): Float64Array {
  if (length <= 8 || length > largestPiece) return new Float64Array(length);
  if (next + length > slabSize) {
    slab = new Float64Array(slabSize);
    next = 0;
  }
  const piece = new Float64Array(slab.buffer, next * 8, length);
  next += length;
  return piece;
}
