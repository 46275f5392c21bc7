/** All that some results depend on, each once and after those that it reads. */
export function postorder<T>(results: Iterable<T>, inputsOf: (one: T) => readonly T[]): T[] {
  const seen = new Set<T>();
  const order: T[] = [];
  // Explicit, since a long recurrence would exhaust the call stack.
  const stack: { readonly one: T; readonly inputs: readonly T[]; next: number }[] = [];
  const open = (one: T) => {
    if (seen.has(one)) return;
    seen.add(one);
    stack.push({ one, inputs: inputsOf(one), next: 0 });
  };
  for (const result of results) {
    open(result);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      if (top.next < top.inputs.length) {
        open(top.inputs[top.next++] as T);
      } else {
        order.push(top.one);
        stack.pop();
      }
    }
  }
  return order;
}
