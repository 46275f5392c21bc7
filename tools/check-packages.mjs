// Packs every public package as `npm publish` would and lets publint and are-the-types-wrong judge the tarballs.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { packageManager } = JSON.parse(readFileSync('package.json', 'utf8'));
const out = mkdtempSync(join(tmpdir(), 'neural-ode-packages-'));
const failures = [];

function check(name, tool, args) {
  const { status, stdout, stderr } = spawnSync('npx', ['--no-install', tool, ...args], { encoding: 'utf8' });
  if (status !== 0) failures.push(`${name}: ${tool} exits ${status}\n${stdout}${stderr}`);
}

try {
  const packed = execFileSync('npx', ['-y', packageManager, '-r', 'pack', '--pack-destination', out, '--json']);
  for (const { name, filename, files } of JSON.parse(packed)) {
    const manifest = execFileSync('tar', ['-xOf', filename, 'package/package.json'], { encoding: 'utf8' });
    if (JSON.parse(manifest).private) continue;
    console.log(`${name}: ${files.length} files`);
    for (const left of ['workspace:', 'catalog:', '@neural-ode/source'])
      if (manifest.includes(left)) failures.push(`${name}: "${left}" is left in the packed package.json`);
    if (!files.some(({ path }) => path.startsWith('dist/')))
      failures.push(`${name}: no dist/ in the tarball; build first`);
    check(name, 'publint', ['run', '--strict', filename]);
    // ESM only: that CommonJS cannot `require` it is intended. Programs without exports have no types to judge.
    if (JSON.parse(manifest).exports) check(name, 'attw', [filename, '--profile', 'esm-only', '--format', 'ascii']);
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}
for (const failure of failures) console.error(`\n${failure}`);
process.exit(failures.length === 0 ? 0 : 1);
