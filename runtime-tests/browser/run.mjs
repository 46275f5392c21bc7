// The suite in Chromium, bundled, in the page and in a worker, under the policy that the README asks for. Without
// 'wasm-unsafe-eval' every check must fail, and say why.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { launch } from './chromium.mjs';
import { serve } from './serve.mjs';

const policy = (script) => `default-src 'self'; script-src 'self'${script}; worker-src 'self' blob:`;

async function outcomes(browser, folder, script, isolated) {
  const server = await serve(folder, policy(script), isolated);
  const page = await browser.newPage();
  try {
    page.on('pageerror', (error) => console.error(`page: ${error.message}`));
    await page.goto(server.url);
    await page.waitForFunction(() => globalThis.outcomes !== undefined, undefined, { timeout: 30_000 });
    return await page.evaluate(() => globalThis.outcomes);
  } finally {
    await page.close();
    server.close();
  }
}

const folder = await mkdtemp(join(tmpdir(), 'neural-ode-'));
const problems = [];
const bits = new Set();
let passed = 0;
try {
  const root = fileURLToPath(new URL('.', import.meta.url));
  const worker = { format: 'es' };
  await build({ root, worker, logLevel: 'warn', build: { outDir: folder, emptyOutDir: true, target: 'es2022' } });
  const browser = await launch();
  try {
    for (const isolated of [true, false]) {
      const both = await outcomes(browser, folder, " 'wasm-unsafe-eval'", isolated);
      for (const [n, { checks, failures, bits: own }] of both.entries()) {
        const where = `${isolated ? 'isolated ' : ''}${n === 0 ? 'page' : 'worker'}`;
        problems.push(...failures.map((failure) => `${where}: ${failure}`));
        passed += checks - failures.length;
        bits.add(own);
      }
    }
    for (const { checks, failures } of await outcomes(browser, folder, '', true)) {
      const refused = failures.filter((failure) => failure.includes("forbids WebAssembly: add 'wasm-unsafe-eval'"));
      if (refused.length === checks) passed++;
      else problems.push(`without 'wasm-unsafe-eval' ${refused.length} of ${checks} are refused:`, ...failures);
    }
  } finally {
    await browser.close();
  }
} finally {
  await rm(folder, { recursive: true });
}
for (const problem of problems) console.error(problem);
console.log(`bits ${[...bits].join(' ')}`);
console.log(`${passed} passed, ${problems.length} failed`);
process.exitCode = problems.length > 0 || passed === 0 ? 1 : 0;
