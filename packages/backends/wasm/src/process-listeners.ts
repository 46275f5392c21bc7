interface Listeners {
  listeners(event: string): ((...args: unknown[]) => void)[];
  removeListener(event: string, listener: (...args: unknown[]) => void): void;
}

const events = ['uncaughtException', 'unhandledRejection'];

/**
 * Runs `start` and then removes the process listeners that tfjs's WebAssembly glue installed meanwhile: they rethrow
 * whatever is uncaught, so that a program cannot handle its own failures.
 */
export async function withoutListeners<T>(start: () => Promise<T>): Promise<T> {
  const { process } = globalThis as unknown as { process?: Partial<Listeners> };
  if (!process?.listeners || !process.removeListener) return start();
  const host = process as Listeners;
  const before = new Map(events.map((event) => [event, new Set(host.listeners(event))]));
  try {
    return await start();
  } finally {
    for (const event of events) {
      for (const listener of host.listeners(event)) {
        if (!before.get(event)?.has(listener) && rethrows(listener)) host.removeListener(event, listener);
      }
    }
  }
}

/** Whether it is the glue's, told by its text: somebody else may have added one in the same moment. */
function rethrows(listener: (...args: unknown[]) => void): boolean {
  return /ExitStatus|throw\s+\w+;?\s*\}?\s*$/.test(String(listener));
}
