/** A module for a team's instance in a thread, which may import functions of the modules that it got before. */
export interface Making {
  readonly team: number;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** What a thread is told: to start a module, or to call a function of those that a team has. */
export type Order = Making | { readonly team: number; readonly call: string };

/**
 * What a worker runs: it obeys orders, and writes what a call returns into the shared integers. Workers are given its source,
 * so it may refer to nothing outside.
 *
 * @param listen calls back for every order
 * @param sum the thread's collective sum
 */
export function obey(
  listen: (receive: (order: Order) => void) => void,
  buffer: SharedArrayBuffer,
  result: number,
  sum: (part: number) => number,
): void {
  const integers = new Int32Array(buffer);
  const teams = new Map<number, Record<string, WebAssembly.ExportValue>>();
  listen((order) => {
    const functions = teams.get(order.team) ?? {};
    teams.set(order.team, functions);
    try {
      if ('module' in order) {
        const imports = { env: { memory: order.memory, pow: Math.pow, sum }, parts: functions };
        Object.assign(functions, new WebAssembly.Instance(order.module, imports).exports);
      } else {
        const run = functions[order.call] as () => number | undefined;
        Atomics.store(integers, result, run() ?? 0);
      }
    } catch {
      Atomics.store(integers, 2, 1);
    }
    if ('call' in order) {
      Atomics.add(integers, 1, 1);
      Atomics.notify(integers, 1);
    }
  });
}
