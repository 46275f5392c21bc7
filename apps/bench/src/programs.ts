import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Timed, Unavailable } from './entry.ts';

/** A program that exits with this code tells on standard error what is not installed. */
export const unavailableCode = 3;

/** How long a program may take to compute once, or to answer. */
const patience = 180_000;

/**
 * Starts a program that speaks this protocol: it writes `@result [numbers]` when it has computed once, and for every
 * line with a number n that it reads `@ms x`, the wall-clock milliseconds of n computations. Other lines it may write
 * as it likes. It ends when its standard input does.
 */
export async function startProgram(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Timed> {
  const child = spawn(file, args, { env: { ...process.env, OMP_NUM_THREADS: '1', ...env } });
  let complaints = '';
  child.stderr.on('data', (data) => {
    complaints = (complaints + data).slice(-2000);
  });
  child.stdin.on('error', () => {});

  const answers: string[] = [];
  let deliver: () => void = () => {};
  let ended: Error | undefined;
  const end = (error: Error) => {
    ended ??= error;
    deliver();
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('@')) answers.push(line);
    deliver();
  });
  child.on('error', (error: NodeJS.ErrnoException) =>
    end(error.code === 'ENOENT' ? new Unavailable(`no program ${file}`) : error),
  );
  child.on('close', (code, signal) => {
    const lines = complaints.trim().split('\n');
    const last = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1);
    if (code === unavailableCode) end(new Unavailable(last || 'not installed'));
    else end(new Error(last || `ended with ${signal ?? code}`));
  });

  const answer = async (kind: string): Promise<unknown> => {
    const late = setTimeout(() => {
      end(new Error(`no answer within ${patience / 1000} s`));
      child.kill();
    }, patience);
    try {
      for (;;) {
        const line = answers.shift();
        if (line?.startsWith(kind)) return JSON.parse(line.slice(kind.length));
        if (line !== undefined) throw new Error(`answers ${line}`);
        if (ended) throw ended;
        await new Promise<void>((resolve) => {
          deliver = resolve;
        });
      }
    } finally {
      clearTimeout(late);
    }
  };

  const result = Float64Array.from((await answer('@result')) as number[]);
  return {
    result,
    async time(runs) {
      child.stdin.write(`${runs}\n`);
      return (await answer('@ms')) as number;
    },
    stop() {
      child.stdin.end();
      setTimeout(() => child.kill(), 2000).unref();
    },
  };
}
