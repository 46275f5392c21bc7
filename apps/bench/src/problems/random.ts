/** Equally distributed numbers in [0, 1), the same ones for the same seed: mulberry32 (Tommy Ettinger 2017). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Normal numbers of standard deviation `scale`, by Box and Muller; rounded to float32, so that all dtypes see the same. */
export function normalNumbers(seed: number, count: number, scale = 1): Float64Array {
  const random = randomNumbers(seed);
  return Float64Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return Math.fround(scale * radius * Math.cos(2 * Math.PI * random()));
  });
}
