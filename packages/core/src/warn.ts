declare const console: { warn(message: string): void };

/** Where warnings go unless the caller says otherwise. */
export function warnOnConsole(message: string): void {
  console.warn(message);
}
