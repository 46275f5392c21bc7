const told = new Set<string>();

/** `console.warn`, but a training loop hears the same sentence only once. */
export function warnOnce(message: string): void {
  if (told.has(message)) return;
  told.add(message);
  // biome-ignore lint/suspicious/noConsole: the default that the `warn` option replaces
  console.warn(message);
}
