// The suite in a runtime with a console: Node, Deno, Bun.
import process from 'node:process';
import { run } from './suite.mjs';

const { checks, failures, bits } = await run();
for (const failure of failures) console.error(failure);
console.log(`bits ${bits}`);
console.log(`${checks - failures.length} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 || checks === 0 ? 1 : 0;
