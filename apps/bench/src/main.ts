#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { run } from './run.ts';

// A reader that has seen enough, as in `npm run bench | head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

// The first Ctrl-C ends the work where nothing is half done; the second one ends the process.
const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());

const { stdin, stdout, stderr } = process;
process.exitCode = await run(process.argv.slice(2), {
  io: { stdin, stdout, stderr, signal: interrupt.signal },
  isolated: { file: process.execPath, args: [fileURLToPath(import.meta.url)] },
});
