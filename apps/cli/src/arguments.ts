import { InvalidArgumentError } from 'commander';
import { RegistryError, registered, resolve, type Solver } from 'neural-ode';
import { UsageError } from './command-line/io.ts';

/** Parses a finite number above zero. */
export function positive(text: string): number {
  const value = decimal(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Give a positive number, as 1e-6.');
}

/** A parser of whole numbers from `least` on. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const value = decimal(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} on.`);
  };
}

/** Parses positive numbers with commas between. */
export function positives(text: string): number[] {
  return words(text).map(positive);
}

/** Parses names with commas between. */
export function words(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.every((part) => part !== '')) return parts;
  throw new InvalidArgumentError('Separate the values by single commas.');
}

type Kind = Parameters<typeof registered>[0];

/**
 * What is registered under a name.
 *
 * @throws UsageError with the nearest names and all of them
 */
export function named<K extends Kind>(kind: K, name: string): ReturnType<typeof resolve<K>> {
  try {
    return resolve(kind, name as Parameters<typeof resolve<K>>[1]);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    // Its other hints are for a program: on a command line there are names only.
    const [guess] = /did you mean [^?]*\?/.exec(error.message) ?? [];
    const names = registered(kind).join(', ');
    throw new UsageError(
      `No ${kind} is registered as '${name}': ${guess ? `${guess} Registered: ` : 'give one of '}${names}.`,
    );
  }
}

/**
 * The adaptive solver of that name.
 *
 * @throws UsageError also for a solver without an error estimate
 */
export function adaptiveSolver(name: string): Solver {
  const solver = named('solver', name);
  if (solver.errorOrder !== undefined) return solver;
  const adaptive = registered('solver').filter((other) => named('solver', other).errorOrder !== undefined);
  throw new UsageError(`Solver '${name}' takes fixed steps only; these choose their steps: ${adaptive.join(', ')}.`);
}

/** The number that a text stands for; `Number` alone would take '' for 0 and read hexadecimals. */
function decimal(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
}
