import type { Machine } from './machine.ts';

/** The functions that run a whole loop. */
export type LoopCall = 'advance' | 'advanceKeeping' | 'advanceAll' | 'pullback' | 'pullbackThrough';

/**
 * Work around a machine's loops: it yields which function is to be called, with everything in memory, and goes on with
 * what the function returned. So it is written once for one thread and for several.
 */
export type Calls<T> = Generator<LoopCall, T, number>;

/** Does the work in this thread. */
export function callHere<T>(machine: Machine, work: Calls<T>): T {
  let state = work.next();
  while (!state.done) state = work.next(machine.exports[state.value]() ?? 0);
  return state.value;
}
