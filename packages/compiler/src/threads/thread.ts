/** What a thread is told: to make an instance of a module on a memory, or to call one of its functions. */
export type Order =
  | { readonly make: number; readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory }
  | { readonly drop: number }
  | { readonly call: number; readonly name: string };

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
  const instances = new Map<number, WebAssembly.Exports>();
  listen((order) => {
    try {
      if ('make' in order) {
        const imports = { env: { memory: order.memory, pow: Math.pow, sum } };
        instances.set(order.make, new WebAssembly.Instance(order.module, imports).exports);
      } else if ('drop' in order) {
        instances.delete(order.drop);
      } else {
        const run = instances.get(order.call)?.[order.name] as () => number | undefined;
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
