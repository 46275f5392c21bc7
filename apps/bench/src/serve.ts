import { createInterface } from 'node:readline';
import type { Io } from '@neural-ode/cli/command-line';
import type { Entry } from './entry.ts';
import { startHere, Unavailable } from './entry.ts';
import { unavailableCode } from './programs.ts';

/** What a program that answers requests reads too. */
export interface TwoWayIo extends Io {
  readonly stdin: NodeJS.ReadableStream;
}

/** Answers as a program of {@link startProgram}, for one implementation in JavaScript: a process of its own, so that no
 * other implementation shapes how the engine compiles the shared code. */
export async function serve(entry: Entry, { stdin, stdout, stderr }: TwoWayIo): Promise<number> {
  if (entry.start.kind !== 'javascript') throw new Error(`${entry.implementation} is no JavaScript.`);
  try {
    const timed = await startHere(entry.start.make);
    stdout.write(`@result ${JSON.stringify(Array.from(timed.result))}\n`);
    for await (const line of createInterface({ input: stdin })) {
      stdout.write(`@ms ${await timed.time(Number(line))}\n`);
    }
    timed.stop();
    return 0;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    stderr.write(`${error.message}\n`);
    return unavailableCode;
  }
}
