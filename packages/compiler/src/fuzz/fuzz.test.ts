import { setFlagsFromString } from 'node:v8';
import { describe, expect, test } from 'vitest';
import { keptSeeds } from './seeds.ts';

// Node 20 has relaxed SIMD behind a flag, which serves when it is set before the first module is made.
setFlagsFromString('--experimental-wasm-relaxed-simd');
const { checkSeed } = await import('./check-seed.ts');
const { fuzz, relaxedSettings } = await import('./main.ts');

test('relaxed SIMD is tried too', () => expect(relaxedSettings()).toEqual([false, true]));

test.each(keptSeeds)('the kept seed %i', (seed) => {
  expect(checkSeed(seed, relaxedSettings()).mismatches).toEqual([]);
});

// Elsewhere than the command starts.
describe.each([100_000, 200_000, 300_000, 400_000])('the seeds from %i on', (first) => {
  test('compile to what the interpreter gives', async () => {
    const said: string[] = [];
    expect(await fuzz(first, 40, (line) => said.push(line)), said.join('\n')).toBe(0);
  });
});
