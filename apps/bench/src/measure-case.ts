import type { Case } from './case.ts';
import { type Places, startHere, type Timed, Unavailable } from './entry.ts';
import { startProgram } from './programs.ts';
import { type Bounds, takeTurns } from './rounds.ts';
import { type Outcome, type Row, rowsOf } from './row.ts';

/** How the program that answers for a JavaScript implementation is called; without it they all run in this process. */
export interface Isolated {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * Starts all implementations of a case, compares their results with the reference, and times those that are right.
 *
 * @param breathe called between stretches of work; throws to stop
 */
export async function measureCase(
  one: Case,
  places: Places,
  isolated: Isolated | undefined,
  bounds: Bounds,
  breathe: () => Promise<void>,
): Promise<Row[]> {
  const entries = one.entries(places);
  const reference = await one.reference(places);
  const running: { readonly index: number; readonly timed: Timed }[] = [];
  const outcomes: Outcome[] = [];
  try {
    for (const [index, entry] of entries.entries()) {
      await breathe();
      let difference: number | null = null;
      let note: string | null = null;
      try {
        const { start, implementation } = entry;
        let timed: Timed;
        if (start.kind === 'program') {
          const { file, args } = await start.command(places);
          timed = await startProgram(file, args);
        } else if (isolated) {
          const args = [...isolated.args, 'serve', one.name, implementation];
          timed = await startProgram(isolated.file, args, { NEURAL_ODE_FLOOR: places.floor });
        } else timed = await startHere(start.make);
        difference = differenceOf(timed.result, reference);
        if (difference <= one.closeness) running.push({ index, timed });
        else {
          timed.stop();
          note = `error: its result differs by ${difference.toExponential(1)}, more than ${one.closeness}`;
        }
      } catch (error) {
        note = error instanceof Unavailable ? error.message : `error: ${firstLine(error)}`;
      }
      outcomes.push({ entry, samples: [], difference, note });
    }

    const { samples, errors } = await takeTurns(
      running.map(({ timed }) => timed),
      bounds,
      breathe,
    );
    running.forEach(({ index }, n) => {
      const error = errors.get(n);
      const found = { ...(outcomes[index] as Outcome), samples: error ? [] : (samples[n] ?? []) };
      outcomes[index] = error ? { ...found, note: `error: ${firstLine(error)}` } : found;
    });
  } finally {
    for (const { timed } of running) timed.stop();
  }
  return rowsOf(one.name, outcomes);
}

/** |a - b| / |b|; infinite for another length, or for what is no number. */
export function differenceOf(result: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (result.length !== reference.length) return Number.POSITIVE_INFINITY;
  let [square, base] = [0, 0];
  for (let n = 0; n < result.length; n++) {
    square += ((result[n] as number) - (reference[n] as number)) ** 2;
    base += (reference[n] as number) ** 2;
  }
  const difference = Math.sqrt(square / base);
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] as string;
}
