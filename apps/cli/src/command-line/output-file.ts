import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from './io.ts';

/**
 * Finds out, before hours of work, whether a file can be written; makes its folder.
 *
 * @param option the option that names it, for the message
 * @throws UsageError when it cannot be written
 */
export function checkWritable(path: string, option: string): void {
  try {
    makeFolder(dirname(resolve(path)));
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`${path} is a folder`);
    writeFileSync(temporary(path), '');
    rmSync(temporary(path));
  } catch (error) {
    throw new UsageError(`${option}: cannot write ${path} (${(error as Error).message}): name another place.`);
  }
}

/** Level by level, because Node 20's recursive `mkdirSync` never returns where the system refuses one, as in /proc. */
function makeFolder(path: string): void {
  const above = dirname(path);
  // A root, as of a drive that is not there, has nothing above it.
  if (existsSync(path) || above === path) return;
  makeFolder(above);
  accessSync(above, constants.W_OK);
  mkdirSync(path);
}

/** Writes a file as a whole: whoever reads it, at any time, finds the old text or the new one. */
export function writeWhole(path: string, text: string): void {
  try {
    writeFileSync(temporary(path), text);
    renameSync(temporary(path), path);
  } finally {
    rmSync(temporary(path), { force: true });
  }
}

/** In the same folder, since a rename between file systems is a copy. */
function temporary(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
}
