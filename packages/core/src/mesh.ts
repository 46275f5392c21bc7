import { InvalidInputError } from './errors.ts';

/** The accepted steps of a solve: step n runs from ts[n] to ts[n + 1]. */
export interface Mesh<Y> {
  /** Step ends, strictly monotonic, both ends of the span included. */
  readonly ts: readonly number[];
  /** The states at `ts`, where they were kept; owned by whoever asked for them. */
  readonly ys?: readonly Y[];
}

/** How many steps of a size cover a span: one that it divides up to round-off gets no sliver of a last step. */
export function stepCount(t0: number, t1: number, stepSize: number): number {
  return t0 === t1 ? 0 : Math.max(1, Math.ceil((Math.abs(t1 - t0) / stepSize) * (1 - 1e-10)));
}

/** Step ends t0 + n h for {@link stepCount} steps, the last one exactly `t1`. */
export function uniformMesh(t0: number, t1: number, stepSize: number): number[] {
  const h = Math.sign(t1 - t0) * stepSize;
  const count = stepCount(t0, t1, stepSize);
  const ts: number[] = [];
  // Far from the origin of time, round-off of t is more than that of the count: the last one may be the end already.
  const least = 4 * 2 ** -52 * Math.max(Math.abs(t0), Math.abs(t1));
  for (let n = 0; n < count; n++) {
    const t = t0 + n * h;
    if (n === 0 || Math.abs(t1 - t) > least) ts.push(t);
  }
  ts.push(t1);
  return ts;
}

/** Refuses times that are not finite or not strictly monotonic. */
export function checkTimes(ts: readonly number[], input: string): void {
  if (!Array.isArray(ts)) throw new InvalidInputError(input, `${input} is ${String(ts)}: give an array of times.`);
  if (ts.length === 0) {
    throw new InvalidInputError(input, `${input} is empty: give at least the start time.`);
  }
  const direction = Math.sign((ts[1] ?? 0) - (ts[0] as number));
  ts.forEach((t, n) => {
    if (!Number.isFinite(t)) {
      throw new InvalidInputError(
        input,
        `${input}[${n}] is ${typeof t === 'number' ? t : JSON.stringify(t)}: times must be finite numbers.`,
      );
    }
    if ((n > 0 && Math.sign(t - (ts[n - 1] as number)) !== direction) || (n > 0 && direction === 0)) {
      throw new InvalidInputError(
        input,
        `${input} is not strictly monotonic: ${input}[${n - 1}] = ${ts[n - 1]}, ${input}[${n}] = ${t}; ` +
          'sort the times and drop repeated ones.',
      );
    }
  });
}
