// The suite in a page of Chromium, bundled, on the software GPU that the browser brings.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { launch } from '../../browser/chromium.mjs';
import { serve } from '../../browser/serve.mjs';

const folder = await mkdtemp(join(tmpdir(), 'neural-ode-'));
try {
  const root = fileURLToPath(new URL('.', import.meta.url));
  await build({ root, logLevel: 'warn', build: { outDir: folder, emptyOutDir: true, target: 'es2022' } });
  const browser = await launch([
    '--enable-unsafe-webgpu',
    '--use-webgpu-adapter=swiftshader',
    '--enable-features=Vulkan',
  ]);
  const server = await serve(folder, "default-src 'self'; script-src 'self'", false);
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(`page: ${error.message}`));
    await page.goto(server.url);
    await page.waitForFunction(() => globalThis.outcome !== undefined, undefined, { timeout: 30_000 });
    const { device, failure } = await page.evaluate(() => globalThis.outcome);
    if (failure !== undefined) throw new Error(failure);
    console.log(`on ${device}`);
  } finally {
    server.close();
    await browser.close();
  }
} finally {
  await rm(folder, { recursive: true });
}
