import { type ByValueOrName, InvalidInputError, type Kind, registered, resolve } from '@neural-ode/core';

/** How an ODE block solves. */
export interface OdeOptions {
  /** The method: a value, or a registered name. Default `'dopri5'`. */
  readonly solver?: ByValueOrName<'solver'> | undefined;
  /** The gradient strategy, likewise. Default `'aca'`. */
  readonly gradient?: ByValueOrName<'gradient'> | undefined;
  /** Chooses the step sizes, likewise. Default `'i'`. */
  readonly controller?: ByValueOrName<'controller'> | undefined;
  /** Relative tolerance. Default 1e-5. */
  readonly rtol?: number | undefined;
  /** Absolute tolerance, in the state's unit. Default 1e-7. */
  readonly atol?: number | undefined;
  /** Fixed steps of this size in place of a search. Default: steps are searched for. */
  readonly stepSize?: number | undefined;
  /** Size of the first trial. Default: chosen from the slope. */
  readonly firstStep?: number | undefined;
  /** Bounds of a step's size. Default: what changes t, and no limit. */
  readonly minStep?: number | undefined;
  readonly maxStep?: number | undefined;
  /** Bound on the number of trials. Default 100000. */
  readonly maxSteps?: number | undefined;
}

export const odeOptionNames: readonly (keyof OdeOptions)[] = [
  'solver',
  'gradient',
  'controller',
  'rtol',
  'atol',
  'stepSize',
  'firstStep',
  'minStep',
  'maxStep',
  'maxSteps',
];

const named = ['solver', 'gradient', 'controller'] as const;

/** Refuses names that are not registered. */
export function checkNames(options: OdeOptions): void {
  for (const kind of named) {
    const value = options[kind];
    if (value !== undefined) resolve(kind, value);
  }
}

/**
 * The options as plain data, parts by their registered names.
 *
 * @throws InvalidInputError for a part that is registered under no name
 */
export function namedOptions(options: OdeOptions): Readonly<Record<string, string | number>> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([option, value]) => [
      option,
      typeof value === 'object' ? nameOf(option as Kind, value as object) : (value as string | number),
    ]),
  );
}

function nameOf(kind: Kind, value: object): string {
  const name = registered(kind).find((candidate) => resolve(kind, candidate as never) === value);
  if (name !== undefined) return name;
  throw new InvalidInputError(
    kind,
    `The ${kind} of an ODE block is registered under no name, so that a saved model could not tell it: register it by ` +
      `register('${kind}', name, value), and give the name.`,
  );
}
