import type { ThreadPool } from '../threads/pool.ts';
import type { Machine } from './machine.ts';

/** The functions that run a whole loop. */
export type LoopCall = 'advance' | 'advanceAll' | 'pullback' | 'pullbackThrough';

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

/**
 * Does the same work on parts, the first in this thread and each other one's calls in a thread of its own.
 *
 * @param team the machines' number in the pool
 */
export function callTogether<T>(
  pool: ThreadPool,
  team: number,
  machines: readonly Machine[],
  work: readonly Calls<T>[],
): T[] {
  const states = work.map((part) => part.next());
  for (;;) {
    const waiting = states.find((state) => !state.done);
    if (!waiting) return states.map((state) => state.value as T);
    const name = waiting.value as LoopCall;
    const [first] = machines as readonly [Machine];
    // A part that is done already finds nothing left to do.
    const results = pool.call(team, name, () => first.exports[name]() ?? 0);
    for (const [n, state] of states.entries()) {
      if (!state.done) states[n] = (work[n] as Calls<T>).next(results[n] as number);
    }
  }
}
