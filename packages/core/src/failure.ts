import type { Failure } from './errors.ts';

/** What else is known about a failure. */
export interface FailureDetails {
  /** The first stage, from 1, whose slope is not finite. */
  readonly stage?: number | undefined;
  /** The smallest size allowed, where the caller set one. */
  readonly minStep?: number;
  /** Bound on the number of steps, and the time that was to be reached. */
  readonly limit?: number;
  readonly end?: number;
}

/** A failure with its message: what, where, the likely cause and the remedy, in one sentence. */
export function describeFailure(
  status: Failure['status'],
  t: number,
  h: number,
  details: FailureDetails = {},
): Failure {
  return { status, t, h, message: messages[status](`t = ${t} (h = ${h})`, details) };
}

const messages: Record<Failure['status'], (where: string, details: FailureDetails) => string> = {
  'max-steps': (where, { limit, end }) =>
    `${limit} steps did not reach the end ${end}: stopped at ${where}; the problem may be stiff, which explicit methods ` +
    'pass only in small steps, or the tolerances too strict: raise maxSteps, loosen rtol and atol, or scale the problem.',
  'step-too-small': (where, { minStep }) =>
    `The step size fell under ${minStep ? `minStep (${minStep})` : 'what changes t in double precision'} at ${where}: the ` +
    "solution may have a singularity there, the problem be stiff, or the tolerances lie below the state's precision: " +
    `${minStep ? 'lower minStep, ' : ''}loosen rtol and atol or end before it.`,
  'non-finite': (where, { stage }) =>
    `The state became infinite or NaN at ${where}${stage === undefined ? '' : `, first in the slope of stage ${stage}`}: ` +
    'the field may leave its domain (a logarithm, root or division) or the solution blow up: check the field there.',
};
