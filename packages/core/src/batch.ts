import { InvalidInputError } from './errors.ts';

/**
 * Where the samples of a batch lie in its state: the state is one leaf after the other, a leaf its samples one after the
 * other. How many components of each leaf belong to a sample.
 */
export type SampleSizes = readonly number[];

/** How many samples a state holds. */
export function sampleCount(batch: Float64Array, sizes: SampleSizes): number {
  const size = total(sizes);
  const count = size === 0 ? 0 : batch.length / size;
  if (Number.isInteger(count)) return count;
  throw new InvalidInputError(
    'y0',
    `y0 holds ${batch.length} numbers, which are no whole number of samples of ${size}: give one sample after the other.`,
  );
}

/**
 * A batch taken apart.
 *
 * @param counts how many samples each part has, together all of them
 * @returns copies, batches themselves
 */
export function splitBatch(batch: Float64Array, sizes: SampleSizes, counts: readonly number[]): Float64Array[] {
  const size = total(sizes);
  // Views of one copy: arrays of their own would cost more than a small solve.
  const all = new Float64Array(batch.length);
  let start = 0;
  const parts = counts.map((count) => {
    const part = all.subarray(start, start + count * size);
    start += count * size;
    return part;
  });
  eachPiece(sizes, counts, (n, inBatch, inPart, length) => {
    const part = parts[n] as Float64Array;
    for (let i = 0; i < length; i++) part[inPart + i] = batch[inBatch + i] as number;
  });
  return parts;
}

/** The inverse of `splitBatch`. */
export function mergeBatch(
  parts: readonly Float64Array[],
  sizes: SampleSizes,
  counts: readonly number[],
): Float64Array {
  const batch = new Float64Array(total(sizes) * total(counts));
  eachPiece(sizes, counts, (n, inBatch, inPart, length) => {
    const part = parts[n] as Float64Array;
    for (let i = 0; i < length; i++) batch[inBatch + i] = part[inPart + i] as number;
  });
  return batch;
}

/** Where each part of each leaf lies: in the batch, and in the part. */
function eachPiece(
  sizes: SampleSizes,
  counts: readonly number[],
  visit: (part: number, inBatch: number, inPart: number, length: number) => void,
): void {
  let inBatch = 0;
  let before = 0;
  for (const size of sizes) {
    for (const [n, count] of counts.entries()) {
      visit(n, inBatch, before * count, size * count);
      inBatch += size * count;
    }
    before += size;
  }
}

function total(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
