declare const console: { warn(message: string): void };

const told = new Set<string>();

/** Where warnings go unless the caller says otherwise: to the console, but a training loop hears a sentence only once. */
export function warnOnce(message: string): void {
  if (told.has(message)) return;
  told.add(message);
  console.warn(message);
}
