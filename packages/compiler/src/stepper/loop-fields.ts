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
  // For many states: the span, the first size where it is given, else 0, and 1 / (q + 1) to find it by.
  't0',
  'span',
  'firstSize',
  'root',
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
  // Stages kept of accepted steps: the next block, and the end of the room for blocks.
  'block',
  'blocksEnd',
  // Walking back: how many steps, their states, which outputs have a cotangent, the blocks of the first so many steps; how
  // many were walked without and with outputs, and the slopes computed again.
  'steps',
  'states',
  'present',
  'blocks',
  'blockCount',
  'walked0',
  'walked1',
  'restaged',
  // Many states: how many, which is next, whether it is under way; addresses of the states, of the end states and of all
  // outputs; of four integers for each (see `recordFields`); of two slots; the most trials for each.
  'sampleCount',
  'sample',
  'underWay',
  'sampleStates',
  'sampleEnds',
  'sampleOutputs',
  'sampleRecords',
  'sampleSlots',
  'maxTrials',
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

/** What is counted for each of many states, in 32-bit integers, and last why it ended. */
export const recordFields = ['accepted', 'rejected', 'firsts', 'extras', 'reason'] as const;
/** Bytes of a record. */
export const recordBytes: number = 4 * recordFields.length;
