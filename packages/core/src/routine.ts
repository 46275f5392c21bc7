/**
 * A number that may still be on its way: the error norm of a state that lives on a GPU is only known once it is read
 * back, the norm of an array is known at once.
 */
export type Reading = number | Deferred;

/** A number that can be waited for, either by blocking or by a promise. */
export interface Deferred {
  sync(): number;
  async(): Promise<number>;
}

/**
 * A computation that stops only where it needs a {@link Deferred} number. It is written once as a generator and driven
 * by {@link runSync} or {@link runAsync}.
 */
export type Routine<T> = Generator<Deferred, T, number>;

/** Waits for a reading inside a routine; a plain number costs nothing. */
export function* read(reading: Reading): Routine<number> {
  return typeof reading === 'number' ? reading : yield reading;
}

/** The number itself, blocking where it is deferred: for the backward pass, which runs inside a synchronous gradient. */
export function readNow(reading: Reading): number {
  return typeof reading === 'number' ? reading : reading.sync();
}

/** Drives a routine to its end, blocking at every deferred number. */
export function runSync<T>(routine: Routine<T>): T {
  let state = routine.next();
  while (!state.done) state = resume(routine, state.value);
  return state.value;
}

function resume<T>(routine: Routine<T>, deferred: Deferred): IteratorResult<Deferred, T> {
  let value: number;
  try {
    value = deferred.sync();
  } catch (error) {
    // Thrown into the routine, so that its `finally` blocks release what it holds.
    return routine.throw(error);
  }
  return routine.next(value);
}

/** Drives a routine to its end, awaiting every deferred number. */
export async function runAsync<T>(routine: Routine<T>): Promise<T> {
  let state = routine.next();
  while (!state.done) {
    let value: number;
    try {
      value = await state.value.async();
    } catch (error) {
      state = routine.throw(error);
      continue;
    }
    state = routine.next(value);
  }
  return state.value;
}

/** A reading computed from other readings. */
export function mapReadings(readings: readonly Reading[], f: (values: number[]) => number): Reading {
  if (readings.every((reading) => typeof reading === 'number')) return f(readings as number[]);
  return {
    sync: () => f(readings.map((r) => (typeof r === 'number' ? r : r.sync()))),
    async: async () => f(await Promise.all(readings.map((r) => (typeof r === 'number' ? r : r.async())))),
  };
}
