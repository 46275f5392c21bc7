import type { Calls, LoopCall } from '../stepper/calls.ts';
import type { Machine } from '../stepper/machine.ts';
import type { ThreadPool } from './pool.ts';

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
