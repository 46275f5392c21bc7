import { setImmediate } from 'node:timers/promises';

/** What a command writes to and hears from. */
export interface Io {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream;
  /** Aborted when the user wants the command to stop. */
  readonly signal?: AbortSignal | undefined;
}

/** The user's mistake: its message, one line, is all there is to say. */
export class UsageError extends Error {}

/** The user asked the command to stop. */
export class Interrupted extends Error {}

/**
 * Lets signals in between two stretches of computation.
 *
 * @throws Interrupted when the command is to stop
 */
export async function breathe({ signal }: Io): Promise<void> {
  await setImmediate();
  if (signal?.aborted) throw new Interrupted('Interrupted.');
}
