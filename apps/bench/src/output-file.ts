import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UsageError } from './io.ts';

/**
 * Finds out, before hours of work, whether a file can be written; makes its folder.
 *
 * @param option the option that names it, for the message
 * @throws UsageError when it cannot be written
 */
export function checkWritable(path: string, option: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`${path} is a folder`);
    writeFileSync(temporary(path), '');
    rmSync(temporary(path));
  } catch (error) {
    throw new UsageError(`${option}: cannot write ${path} (${(error as Error).message}): name another place.`);
  }
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
