import type { Layout } from './layout.ts';

/** What the loop inside WebAssembly is told and tells, each in eight bytes: doubles, then 32-bit integers. */
const loopDoubles = [
  // Where it stands: time, size of the next trial, the controller's memory; read and written.
  't',
  'size',
  'memory0',
  'memory1',
  'memory2',
  // The bounds of sizes, the direction of time, and the controller's rule.
  'direction',
  'maxStep',
  'minStep',
  'safety',
  'minFactor',
  'maxFactor',
  'leastError',
  'exponent0',
  'exponent1',
  'exponent2',
  'shrink',
] as const;

const loopIntegers = [
  // Where it stands: addresses of the slots that a step leads from and to, what comes next, whether `from` has its slope.
  'from',
  'to',
  'nextStop',
  'nextOutput',
  'hasSlope',
  // The problem: whether sizes are searched for; stops and outputs as addresses of doubles; where output states go.
  'adaptive',
  'stops',
  'stopCount',
  'outputs',
  'outputCount',
  'outputStates',
  // Room: where ends of accepted steps are written, from the second double on, how many fit, whether slots are kept.
  'times',
  'capacity',
  'keep',
  // The most trials allowed, and what was done: trials, slopes evaluated at a start, steps with extra stages.
  'trials',
  'accepted',
  'rejected',
  'firsts',
  'extras',
  // Walking back: how many steps, their states, which outputs have a cotangent, and how many were walked without and with.
  'steps',
  'states',
  'present',
  'walked0',
  'walked1',
] as const;

export type LoopDouble = (typeof loopDoubles)[number];
export type LoopInteger = (typeof loopIntegers)[number];
export type LoopField = LoopDouble | LoopInteger;

const fields: readonly LoopField[] = [...loopDoubles, ...loopIntegers];

/** Which of the eight bytes a field is. */
export const loopIndex = Object.fromEntries(fields.map((field, n) => [field, n])) as Readonly<
  Record<LoopField, number>
>;

/** Bytes of all fields. */
export const loopBytes: number = 8 * fields.length;

/** Where a field lies. */
export function loopAddress({ loop }: Layout, field: LoopField): number {
  return loop + 8 * loopIndex[field];
}
