// Compiles random programs and compares them with the interpreter: `npm run fuzz -- --count 10000 --seed 1`.
// Exits with 1 when one differs. Add a seed that failed to packages/compiler/src/fuzz/seeds.ts.
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { withSource } from './load-source.mjs';

const whole = (name, text, least) => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  console.error(`--${name} must be a whole number from ${least} on, not ${text}.`);
  process.exit(2);
};

const { values } = parseArgs({
  options: { count: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
});
const count = whole('count', values.count, 1);
const seed = whole('seed', values.seed, 0);

// Node 20 has relaxed SIMD behind a flag, which serves when it is set before the first module is made.
setFlagsFromString('--experimental-wasm-relaxed-simd');
const failed = await withSource('packages/compiler/src/fuzz/main.ts', ({ fuzz }) =>
  fuzz(seed, count, (line) => console.log(line)),
);
process.exitCode = failed > 0 ? 1 : 0;
