import '@neural-ode/backend-wasm/register';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import * as tf from '@tensorflow/tfjs-core';
import { parseHTML } from 'linkedom';
import { useBackend } from 'neural-ode';
import { afterAll, describe, expect, test } from 'vitest';
import { run } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'neural-ode-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function cli(argv: string, options: { readonly isTTY?: boolean; readonly signal?: AbortSignal } = {}) {
  const stdout = Object.assign(new PassThrough(), { isTTY: options.isTTY ?? false, columns: 200 });
  const stderr = new PassThrough();
  const code = await run(argv.split(' ').filter(Boolean), { stdout, stderr, signal: options.signal });
  const text = (stream: PassThrough) => String(stream.read() ?? '');
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

const read = (name: string, file: string) => readFileSync(join(folder, name, file), 'utf8');
const worst = (errors: readonly number[]) => Math.max(...errors.map(Math.abs));

describe('three-body', () => {
  test.each(['compiled', 'arrays'])('recovers the masses in double precision: %s', async (field) => {
    await useBackend('cpu');
    const before = tf.memory().numTensors;
    const { code, stdout, stderr } = await cli(
      `three-body --field ${field} --observations 50 --out ${join(folder, field)}`,
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(tf.memory().numTensors).toBe(before);
    const result = JSON.parse(read(field, 'result.json'));
    expect(result.masses.true).toEqual([1.1, 1.1, 0.9]);
    expect(worst(result.masses.error)).toBeLessThan(1e-3);
    expect(result.error.train).toBeLessThan(1e-6);
    expect(result.error.test).toBeLessThan(1e-5);
    expect(result.options).toMatchObject({ field, solver: 'dopri5', gradient: 'aca', rtol: 1e-7, seed: 0 });
    expect(result.stats.forward.accepted).toBeGreaterThan(1000);
    expect(result.msPerGradient).toBeGreaterThan(0);
    expect(result.history).toHaveLength(100);
    // No terminal: about ten lines of progress, and no control characters.
    expect(stdout.match(/^epoch /gm)).toHaveLength(11);
    expect(stdout).not.toContain('\x1b');
    expect(stdout).toMatch(/^mass 1 +1\.10000 +1\.\d{5} +-?\d\.\de-\d+$/m);
  });

  // A seed that gets there soon.
  test('recovers the masses on tensors, and leaves none', async () => {
    await useBackend('wasm');
    const before = tf.memory().numTensors;
    const { code, stderr } = await cli(
      `three-body --field tensors --seed 25 --epochs 22 --observations 30 --rtol 2e-6 --out ${join(folder, 'tensors')}`,
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(worst(JSON.parse(read('tensors', 'result.json')).masses.error)).toBeLessThan(1e-3);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('draws six orbits', async () => {
    await cli(`three-body --observations 20 --epochs 2 --out ${join(folder, 'orbits')}`);
    const svg = read('orbits', 'orbits.svg');
    const { document } = parseHTML(svg);
    const root = document.querySelector('svg');
    expect(root?.getAttribute('xmlns')).toBe('http://www.w3.org/2000/svg');
    expect(document.querySelectorAll('g[aria-label=line] path')).toHaveLength(6);
    expect(document.querySelectorAll('path[stroke-dasharray], g[stroke-dasharray] path')).toHaveLength(3);
    expect(svg).toContain('x (AU)');
    expect(svg).not.toMatch(/NaN|undefined/);
    // Well-formed: every element that is opened is closed.
    expect(svg.match(/<[a-z]+(\s[^>]*[^/>])?>/g)).toHaveLength(svg.match(/<\/[a-z]+>/g)?.length ?? 0);
  });

  test('gives up a start that is caught in a local minimum', async () => {
    const once = `three-body --observations 20 --epochs 31 --seed 1`;
    const { stdout } = await cli(`${once} --out ${join(folder, 'caught')}`);
    expect(stdout).toContain('caught in a local minimum: start 2');
    const result = JSON.parse(read('caught', 'result.json'));
    expect(result.history.filter(({ start }: { start: number }) => start === 1)).toHaveLength(30);
    await cli(`${once} --starts 1 --out ${join(folder, 'caught')}`);
    expect(JSON.parse(read('caught', 'result.json')).history).toHaveLength(30);
  });

  test('shows a bar on a terminal, and gives the cursor back', async () => {
    const { stdout } = await cli(`three-body --observations 20 --epochs 3 --out ${join(folder, 'bar')}`, {
      isTTY: true,
    });
    expect(stdout).toContain('epoch 3/3');
    expect(stdout.lastIndexOf('\x1b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\x1b[?25l'));
  });

  test('ends on Ctrl-C without a file', async () => {
    const out = join(folder, 'interrupted');
    const signal = AbortSignal.timeout(300);
    const { code, stderr } = await cli(`three-body --field arrays --out ${out}`, { signal });
    expect([code, stderr]).toEqual([130, 'error: Interrupted.\n']);
    expect(existsSync(join(out, 'result.json')) || existsSync(join(out, 'orbits.svg'))).toBe(false);
  });

  test('exits with 1 when the solve fails', async () => {
    const { code, stderr } = await cli(`three-body --rtol 1e-300 --atol 1e-300 --out ${join(folder, 'failed')}`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: 100000 steps did not reach the end 1: .*\n$/);
  });
});

describe('compare', () => {
  test.each(['compiled', 'arrays'])('measures strategies at tolerances: %s', async (field) => {
    const file = join(folder, 'compare.json');
    const { code, stdout } = await cli(
      `compare --field ${field} --strategies aca,naive --tolerances 1e-4,1e-6 --out ${file}`,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^1e-6 +aca /m);
    const { golden, rows, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
    expect(rest.field).toBe(field);
    // As in packages/testing/src/reference/problems.json.
    expect(golden[2]).toBeCloseTo(3.5926863156, 9);
    expect(rows).toHaveLength(4);
    expect(rows[2]).toMatchObject({ tolerance: 1e-6, strategy: 'aca', note: '' });
    expect(rows[2].error).toBeLessThan(1e-4);
    expect(rows[0].cost.retained).toBeGreaterThanOrEqual(rows[0].cost.forward.accepted);
    expect(rows[1].cost.retained).toBeGreaterThan(rows[0].cost.retained);
    expect(rows[1].cost.backward.evaluations > 0).toBe(field === 'compiled');
  });

  test('gives a strategy that fails a row with the reason', async () => {
    const { code, stdout } = await cli('compare --strategies adjoint --tolerances 1e-3');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^1e-3 +adjoint +failed +(max-steps|step-too-small|non-finite) at t = /m);
  });
});

test('list names what is registered', async () => {
  const { code, stdout } = await cli('list');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^dopri5 +5 +4$/m);
  expect(stdout).toMatch(/^rk4 +4 +none$/m);
  expect(stdout).toMatch(/^dop853 +8 +7$/m);
  expect(stdout).toMatch(/^dop853 combines /m);
  expect(stdout).toMatch(/^aca$/m);
  expect(stdout).toMatch(/^wasm +yes$/m);
  expect(stdout).toMatch(/^cpu +yes$/m);
});

test('has help and a version', async () => {
  expect(await cli('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  expect(await cli('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('three-body') });
  const help = await cli('three-body --help');
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toMatch(/--rtol <number>\s+relative tolerance \(default: 1e-7 for compiled,/);
  expect((await cli('compare --help')).stdout).toMatch(/\(default:\s+1e-2,1e-3,1e-4,1e-5,1e-6,1e-7,1e-8\)/);
});

describe('bad input exits with 2 and one line', () => {
  writeFileSync(join(folder, 'plain'), '');
  test.each([
    ['thre-body', "unknown command 'thre-body' (Did you mean three-body?)"],
    ['three-body --epoch 3', "unknown option '--epoch' (Did you mean --epochs?)"],
    ['three-body --solver dopri', "No solver is registered as 'dopri': did you mean 'dopri5'"],
    ['three-body --solver rk4', "Solver 'rk4' takes fixed steps only; these choose their steps: bosh3"],
    ['three-body --gradient acca', "No gradient is registered as 'acca': did you mean 'aca'"],
    ['three-body --backend wasn', "No backend is registered as 'wasn': did you mean 'wasm'"],
    ['three-body --backend nonsense', "No backend is registered as 'nonsense': give one of cpu, wasm."],
    ['three-body --field arrays --backend nonsense', "No backend is registered as 'nonsense'"],
    ['three-body --field float64', 'Allowed choices are compiled, tensors, arrays'],
    ['compare --field tensors', 'Allowed choices are arrays, compiled'],
    ['three-body --rtol tiny', "'tiny' is invalid. Give a positive number, as 1e-6."],
    ['three-body --atol 0', 'Give a positive number'],
    ['three-body --rtol 0x10', 'Give a positive number'],
    ['three-body --epochs 0', 'Give a whole number from 1 on.'],
    ['three-body --epochs 1.5', 'Give a whole number from 1 on.'],
    ['three-body --observations 1', 'Give a whole number from 2 on.'],
    ['three-body --seed -1', 'Give a whole number from 0 on.'],
    ['three-body extra', 'too many arguments'],
    [`three-body --out ${join(folder, 'plain', 'below')}`, '--out: cannot write'],
    ['compare --tolerances 1e-3,', 'Separate the values by single commas.'],
    ['compare --tolerances 1e-3,x', 'Give a positive number'],
    ['compare --strategies acca', "No gradient is registered as 'acca': did you mean 'aca'"],
    ['compare --strategies zzzzzzzz', 'give one of aca, adjoint, direct, naive.'],
    [`compare --out ${folder}`, '--out: cannot write'],
  ])('%s', async (argv, message) => {
    const { code, stdout, stderr } = await cli(argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
  });
});
