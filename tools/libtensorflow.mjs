// Gives an installed @tensorflow/tfjs-node a libtensorflow of yours and builds its addon, where its own install script
// could not download one or was not let run. Nothing is downloaded.
//
//   node tools/libtensorflow.mjs <libtensorflow> [project]
//
// <libtensorflow> is one of:
// - a wheel of TensorFlow for Python, of the same operating system and processor: pip download --no-deps tensorflow-cpu
// - the folder of an installed one, which `python3 -c "import tensorflow; print(tensorflow.__path__[0])"` prints
// - the folder of an unpacked libtensorflow-cpu-*.tar.gz, which has include/ and lib/
// [project] is the folder in which tfjs-node is installed, by default this one. Needed are Python, make and a C++ compiler.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import process from 'node:process';

function fail(message) {
  console.error(message);
  process.exit(1);
}

const [from, project = '.'] = process.argv.slice(2);
if (from === undefined) fail('Usage: node tools/libtensorflow.mjs <wheel, or folder of a libtensorflow> [project]');
if (process.platform === 'win32') fail('On Windows the libraries of a wheel lack what the addon links to.');
if (!existsSync(from)) fail(`${from} is not there.`);

/** Loads the addon alone, as tfjs-node would. */
const check = `
  const { find } = require('@mapbox/node-pre-gyp');
  const addon = require(find(require('path').resolve('package.json')));
  console.log('The addon runs on TensorFlow ' + addon.TF_Version + '.');
`;
const target = tfjsNode();
const deps = join(target, 'deps');
rmSync(deps, { recursive: true, force: true });
mkdirSync(join(deps, 'lib'), { recursive: true });
const source = statSync(from).isDirectory() ? resolve(from) : unpack(resolve(from), join(deps, 'wheel'));
symlinkSync(join(source, 'include'), join(deps, 'include'));
const suffixes = process.platform === 'darwin' ? ['.2.dylib', '.dylib'] : ['.so.2', '.so'];
const links = process.platform === 'darwin' ? ['.dylib', '.2.dylib'] : ['.so', '.so.2', '.so.2.9.1'];
link('libtensorflow', ['libtensorflow_cc', 'libtensorflow']);
link('libtensorflow_framework', ['libtensorflow_framework']);
build();
console.log(
  run(process.execPath, ['-e', check], { cwd: target, stdio: ['ignore', 'pipe', 'inherit'] })
    .toString()
    .trim(),
);

function tfjsNode() {
  try {
    return dirname(createRequire(join(resolve(project), 'package.json')).resolve('@tensorflow/tfjs-node/package.json'));
  } catch {
    return fail(
      `@tensorflow/tfjs-node is not installed in ${resolve(project)}: npm install --ignore-scripts @tensorflow/tfjs-node`,
    );
  }
}

/** Of a wheel only what is needed: a whole one is larger than 1 GB. */
function unpack(wheel, folder) {
  const program = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    headers = tuple("tensorflow/include/" + room for room in ("tensorflow/c/", "tensorflow/core/platform/", "xla/tsl/", "tsl/"))
    for name in wheel.namelist():
        if name.startswith(headers) or name.startswith("tensorflow/libtensorflow"):
            wheel.extract(name, sys.argv[2])
`;
  run('python3', ['-c', program, wheel, folder]);
  return join(folder, 'tensorflow');
}

/** Lets the library be found under every name that the addon may ask for, its own among them. */
function link(name, candidates) {
  const paths = candidates.flatMap((candidate) =>
    suffixes.flatMap((suffix) => [join(source, candidate + suffix), join(source, 'lib', candidate + suffix)]),
  );
  const library = paths.find(existsSync) ?? fail(`None of these is there:\n${paths.join('\n')}`);
  const names = new Set([...links.map((suffix) => name + suffix), basename(library)]);
  for (const each of names) symlinkSync(library, join(deps, 'lib', each));
}

function build() {
  const nodePreGyp = createRequire(join(target, 'package.json')).resolve('@mapbox/node-pre-gyp/bin/node-pre-gyp');
  // Node's own headers, where they lie beside it, spare a download of them.
  const prefix = dirname(dirname(process.execPath));
  const headers = existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
  run(process.execPath, [nodePreGyp, 'install', '--build-from-source', ...headers], { cwd: target, stdio: 'inherit' });
}

function run(command, args, options = {}) {
  try {
    return execFileSync(command, args, options);
  } catch (error) {
    return fail(`${command} ${args.slice(0, 2).join(' ')} ...: ${error.message}`);
  }
}
