import { test } from 'vitest';
import { run } from './run.ts';

test('x', async () => {
  console.log(
    await run((process.env.ARGS ?? 'compare').split(' '), { stdout: process.stdout, stderr: process.stderr }),
  );
}, 600000);
