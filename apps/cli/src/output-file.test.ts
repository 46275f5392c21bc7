import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { UsageError } from './io.ts';
import { checkWritable, writeWhole } from './output-file.ts';

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
