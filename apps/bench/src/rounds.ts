import { median } from '@neural-ode/cli/command-line';
import type { Timed } from './entry.ts';

/** How long to measure. */
export interface Bounds {
  /** Each round times everybody once, in turns. */
  readonly rounds: number;
  /** After this time no further round starts. Everybody has an equal share of it, and at least one sample. */
  readonly seconds: number;
}

/** Times of one implementation: milliseconds of a computation in each round, absent where it sat out. */
export type Samples = readonly (number | undefined)[];

/** Long enough for the clock and for what a process does now and then, short enough to be undisturbed mostly. */
const sampleMs = 20;
const warmMs = 400;
/** Against a computation too short for the clock. */
const mostRuns = 1e6;

/**
 * Times implementations in turns, so that what disturbs the machine disturbs all alike. Each computes until it is warm,
 * then gives a sample a round; one that has used its share of the time sits out, so that a slow one cannot starve the
 * rest.
 *
 * @param between called before each sample; throws to stop
 */
export async function takeTurns(
  timed: readonly Timed[],
  { rounds, seconds }: Bounds,
  between: () => Promise<void>,
): Promise<{ readonly samples: readonly Samples[]; readonly errors: ReadonlyMap<number, Error> }> {
  const share = (1000 * seconds) / timed.length;
  const errors = new Map<number, Error>();
  const attempt = async (n: number, runs: number) => {
    await between();
    try {
      return await (timed[n] as Timed).time(runs);
    } catch (error) {
      errors.set(n, error as Error);
      return undefined;
    }
  };

  const runs: number[] = [];
  for (let n = 0; n < timed.length; n++) {
    let count = 1;
    let spent = 0;
    for (;;) {
      const ms = await attempt(n, count);
      if (ms === undefined) break;
      spent += ms;
      runs[n] = Math.max(1, Math.min(mostRuns, Math.round((sampleMs * count) / ms)));
      if (spent >= Math.min(warmMs, share) || count === mostRuns) break;
      count = Math.max(count, Math.min(4 * count, runs[n] as number, mostRuns));
    }
  }

  const samples: (number | undefined)[][] = timed.map(() => []);
  const spent = timed.map(() => 0);
  const start = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (round > 0 && performance.now() - start > 1000 * seconds) break;
    for (let turn = 0; turn < timed.length; turn++) {
      // Another one begins each time, so that nobody always follows the same neighbour's garbage.
      const n = (turn + round) % timed.length;
      const used = spent[n] as number;
      const waits = errors.has(n) || (used > 0 && used + used / round > share);
      const ms = waits ? undefined : await attempt(n, runs[n] as number);
      spent[n] = used + (ms ?? 0);
      (samples[n] as (number | undefined)[])[round] = ms === undefined ? undefined : ms / (runs[n] as number);
    }
  }
  return { samples, errors };
}

/** The median of the samples there are; null when there is none. */
export function medianOf(samples: Samples): number | null {
  const there = samples.filter((ms) => ms !== undefined);
  return there.length === 0 ? null : median(there);
}

/** Median over the rounds of one's time over another's in the same round; null when they shared none. */
export function ratioOf(samples: Samples, other: Samples): number | null {
  return medianOf(
    samples.map((ms, round) => {
      const base = other[round];
      return ms === undefined || base === undefined ? undefined : ms / base;
    }),
  );
}
