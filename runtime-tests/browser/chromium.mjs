// Chromium from the npm registry alone: the browser, and the system libraries that it wants, are in the package.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packed, { inflate } from '@sparticuz/chromium';
import { chromium } from 'playwright-core';

const files = join(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))), '../bin');

/** Starts a browser with a fresh profile, and with these flags in place of those for a machine without a GPU. */
export async function launch(gpu = ['--disable-gpu']) {
  const [executablePath, libraries] = [await packed.executablePath(), await inflate(join(files, 'al2023.tar.br'))];
  return chromium.launch({
    executablePath,
    env: { ...process.env, LD_LIBRARY_PATH: join(libraries, 'lib') },
    args: [
      '--no-sandbox',
      ...gpu,
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
