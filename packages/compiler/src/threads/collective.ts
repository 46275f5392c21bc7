/**
 * Layout of the numbers that threads share: as 32-bit integers how many arrived at sums, how many calls were finished,
 * whether a thread failed, what the calls returned; then as doubles two rows of partial sums.
 */
export interface Shared {
  readonly arrived: 0;
  readonly finished: 1;
  readonly failed: 2;
  /** Of the first thread's result; the others follow. */
  readonly results: 4;
}

/** Places in the shared integers. */
export const shared: Shared = { arrived: 0, finished: 1, failed: 2, results: 4 };

/** Bytes that so many threads share, and where the doubles begin. */
export function sharedBytes(threads: number): { readonly sums: number; readonly bytes: number } {
  const sums = 8 * Math.ceil((4 * (shared.results + threads)) / 8);
  return { sums, bytes: sums + 16 * threads };
}

/**
 * A function that every thread calls at the same points of its work, each with its part of a sum: it gives all of them the
 * whole one, of the same bits, since the parts are added in the threads' order.
 *
 * Workers are given its source, so it may refer to nothing outside.
 *
 * @param buffer shared by all threads
 * @param sums where its doubles begin
 * @param rank which of the threads calls it, from 0
 * @param patience milliseconds to wait for the others
 */
export function collectiveSum(
  buffer: SharedArrayBuffer,
  sums: number,
  rank: number,
  threads: number,
  patience: number,
): (part: number) => number {
  const integers = new Int32Array(buffer);
  const parts = new Float64Array(buffer, sums, 2 * threads);
  // A page's own thread may not be blocked.
  const mayBlock = !('document' in globalThis);
  let round = 0;
  return (part) => {
    // Two rows in turns: nobody can be two rounds ahead of another.
    const row = (round & 1) * threads;
    parts[row + rank] = part;
    round = (round + 1) | 0;
    const due = Math.imul(round, threads);
    if (((Atomics.add(integers, 0, 1) + 1) | 0) === due) Atomics.notify(integers, 0);
    let until = 0;
    for (let spins = 1; ; spins++) {
      const arrived = Atomics.load(integers, 0);
      if (((arrived - due) | 0) >= 0) break;
      if (spins % 1024 !== 0) continue;
      if (Atomics.load(integers, 2) !== 0) throw new Error('Another thread failed.');
      until ||= Date.now() + patience;
      if (Date.now() > until) throw new Error('Another thread does not answer.');
      // Where there are more threads than cores, the others can only go on when this one sleeps.
      if (mayBlock) Atomics.wait(integers, 0, arrived, 1);
    }
    let sum = 0;
    for (let i = 0; i < threads; i++) sum += parts[row + i] as number;
    return sum;
  };
}
