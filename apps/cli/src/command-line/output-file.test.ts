import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { UsageError } from './io.ts';
import { checkWritable, writeWhole } from './output-file.ts';

// A call that would never return, and so could not be timed either, fails at once.
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const mkdir = (path: string, options?: { recursive?: boolean }) => {
    if (options?.recursive && path.startsWith('/proc')) throw new Error(`mkdirSync('${path}') would never return`);
    return fs.mkdirSync(path, options);
  };
  return { ...fs, mkdirSync: mkdir };
});

const folder = mkdtempSync(join(tmpdir(), 'neural-ode-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('writes a file as a whole and leaves nothing beside it', () => {
  const path = join(folder, 'a', 'b', 'file.txt');
  checkWritable(path, '--out');
  writeWhole(path, 'old');
  writeWhole(path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['file.txt']);
});

test('leaves nothing when it fails', () => {
  mkdirSync(join(folder, 'taken', 'full'), { recursive: true });
  expect(() => writeWhole(join(folder, 'taken'), 'text')).toThrow();
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('tells beforehand what cannot be written', () => {
  writeFileSync(join(folder, 'plain'), '');
  expect(() => checkWritable(join(folder, 'plain', 'file.txt'), '--out')).toThrow(UsageError);
  expect(() => checkWritable(folder, '--out')).toThrow(/^--out: cannot write .* is a folder/);
});

test('ends where no folder can be made', { timeout: 1000 }, (context) => {
  context.skip(process.platform !== 'linux', 'only Linux has a /proc, where not even root makes folders');
  for (const path of ['/proc/neural-ode', '/proc/neural-ode/deep/file.txt']) {
    expect(() => checkWritable(path, '--out')).toThrow(UsageError);
    expect(() => checkWritable(path, '--out')).toThrow(
      /^--out: cannot write \/proc\/neural-ode[^\n]*: name another place\.$/,
    );
    expect(() => checkWritable(path, '--out')).not.toThrow('never return');
  }
});
