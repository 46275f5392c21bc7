import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import { run } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'neural-ode-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function bench(argv: string, signal?: AbortSignal) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end('2\n');
  const code = await run(argv.split(' ').filter(Boolean), { io: { stdin, stdout, stderr, signal } });
  const text = (stream: PassThrough) => String(stream.read() ?? '');
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

interface Results {
  readonly machine: object;
  readonly rows: readonly Record<string, unknown>[];
}

const results = (out: string): Results => JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));

/** As the floor's van_der_pol.c; in single precision its result is wrong. */
const floorSource = `
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#ifndef NB
#define NB 1
#endif
typedef REAL R; enum { N = 2 * NB };
static int solve(R *y, double t1, double rtol, double atol) {
  for (volatile int i = 0; i < 1000; i++);
  y[0] = sizeof(R) == 8 ? -2.00834078 : 2; y[NB] = 0.03290 * (t1 > 0) + 0 * rtol * atol; return 0;
}
int main(void) { return 1; }
`;

describe('a tiny run', () => {
  const out = join(folder, 'tiny');
  const floor = join(folder, 'floor');

  test('times one case once, without a floor', async () => {
    const { code, stdout } = await bench(
      `--case van-der-pol --rounds 1 --seconds 0 --out ${out} --floor ${folder}/absent`,
    );
    expect(code).toBe(0);
    const { rows, machine } = results(out);
    expect(machine).toMatchObject({ node: process.version });
    for (const row of rows) {
      expect(Object.keys(row)).toEqual([
        ...['case', 'implementation', 'dtype', 'threads', 'medianMs', 'ratioToFloor', 'ratioToPeer'],
        ...['difference', 'rounds', 'note'],
      ]);
      expect(row).toMatchObject({ case: 'van-der-pol', threads: 1, ratioToFloor: null });
      expect(typeof row.medianMs === 'number' || typeof row.note === 'string').toBe(true);
    }
    const ours = rows.filter((row) => String(row.implementation).startsWith('neural-ode'));
    expect(ours.map((row) => [row.implementation, row.dtype, row.note])).toEqual([
      ['neural-ode compiled float64', 'float64', null],
      ['neural-ode compiled float32', 'float32', null],
      ['neural-ode arrays', 'float64', null],
      ['neural-ode tfjs wasm', 'float32', null],
      ['neural-ode tfjs cpu', 'float32', null],
    ]);
    for (const row of ours) expect(row.ratioToPeer).toBeGreaterThan(0);
    const floors = rows.filter((row) => row.implementation === 'C -O3');
    expect(floors.map((row) => row.note)).toEqual(Array(2).fill(`not available: no ${folder}/absent/van_der_pol.c`));
    expect(stdout.split('\n')[0]).toMatch(/^\| case +\| implementation +\| dtype +\| threads \| +median ms \|/);
    expect(stdout).toContain(`written: ${out}/results.json`);
  });

  // Without a compiler there is nothing to build; the test above covers what is said then.
  const compiler = 'cc';
  const compiles = spawnSync(compiler, ['--version']).status === 0;
  test.skipIf(!compiles)('builds a floor, measures by it, and gives no time to a wrong result', async () => {
    mkdirSync(floor);
    writeFileSync(join(floor, 'van_der_pol.c'), floorSource);
    await bench(`--case van-der-pol --rounds 2 --seconds 0.1 --out ${out} --floor ${floor}`);
    const row = (implementation: string, dtype: string) =>
      results(out).rows.find((one) => one.implementation === implementation && one.dtype === dtype);
    expect(row('C -O3', 'float64')).toMatchObject({ ratioToFloor: 1, note: null });
    expect(row('neural-ode arrays', 'float64')?.ratioToFloor).toBeGreaterThan(1);
    expect(row('C -O3', 'float32')).toMatchObject({ medianMs: null, ratioToFloor: null });
    expect(row('C -O3', 'float32')?.note).toMatch(/^error: its result differs by 2\.0e\+0, more than 0\.001$/);
    // The results of the run before were replaced as a whole.
    expect(readdirSync(out)).toEqual(['results.json']);
  });

  test('keeps the results there are when it is stopped', async () => {
    const before = readFileSync(join(out, 'results.json'), 'utf8');
    const { code, stderr } = await bench(`--case latent --out ${out}`, AbortSignal.abort());
    expect([code, stderr]).toEqual([130, 'latent ...\nerror: Interrupted.\n']);
    expect(readFileSync(join(out, 'results.json'), 'utf8')).toBe(before);
    expect(readdirSync(out)).toEqual(['results.json']);
  });
});

test('lists the cases', async () => {
  const { code, stdout } = await bench('--list --case three-body,work-precision');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^three-body: .*\n( {2}.+ \(float(32|64)\)\n)+work-precision: .*\n$/);
});

test.each([
  ['--case nothing', "There is no case 'nothing'"],
  ['--case van-der-pol,', "There is no case ''"],
  ['--rounds 0', 'whole number from 1'],
  ['--seconds soon', 'number of 0 or more'],
  ['--unknown', 'unknown option'],
  ['serve latent nobody', "no implementation 'nobody'"],
  ['serve nothing nobody', "has no implementation 'nobody'"],
  ['--out /dev/null/folder', '--out: cannot write'],
])('%s is a mistake of one line', async (argv, message) => {
  const { code, stdout, stderr } = await bench(argv);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^error: [^\n]+\n$/);
  expect(stderr).toContain(message);
});

test('serves one implementation by the line protocol', async () => {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  stdin.end('2\n');
  const code = await run(['serve', 'van-der-pol', 'odex'], { io: { stdin, stdout, stderr: new PassThrough() } });
  expect(code).toBe(0);
  expect(String(stdout.read())).toMatch(/^@result \[-2\.008\d+,0\.03\d+\]\n@ms [\d.e-]+\n$/);
});
