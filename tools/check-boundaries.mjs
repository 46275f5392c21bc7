// Who may look over which wall. Fails on an import, a dependency or a tsconfig reference the table does not grant, so a
// new package must be entered here first. (Biome's noRestrictedImports sees neither package.json nor new packages.)
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

const everything = [
  'core',
  'tableaux',
  'solvers',
  'gradients',
  'tensor',
  'backends',
  'assembler',
  'compiler',
  'models',
  'neural-ode',
];
const anywhere = ['manifest', 'source', 'test'];
const table = [
  { in: 'packages/core', may: [] },
  { in: 'packages/tableaux', may: ['core'] },
  { in: 'packages/solvers', may: ['core', 'tableaux'] },
  { in: 'packages/gradients/', may: ['core'] },
  { in: 'packages/tensor', may: ['core'], tfjs: anywhere },
  { in: 'packages/backends/', may: ['assembler', 'core', 'tensor'], tfjs: anywhere },
  { in: 'packages/assembler', may: [] },
  { in: 'packages/compiler', may: ['assembler', 'core', 'tableaux', 'tensor'], tfjs: anywhere },
  { in: 'packages/models', may: ['core', 'solvers', 'gradients', 'tensor'], tfjs: anywhere },
  { in: 'packages/testing', may: ['core', 'tableaux', 'solvers'], tfjs: anywhere },
  { in: 'packages/neural-ode', may: everything, tfjs: ['manifest', 'test'] },
  // The parts of a program on the command line, which the published package keeps to itself.
  { in: 'apps/bench', may: [...everything, 'cli'], tfjs: anywhere },
  { in: 'apps/', may: everything, tfjs: anywhere },
];

const roots = ['packages', 'packages/gradients', 'packages/backends', 'apps'];
const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
const folders = roots
  .filter((root) => existsSync(root))
  .flatMap((root) => readdirSync(root).map((name) => `${root}/${name}`))
  .filter((folder) => existsSync(`${folder}/package.json`));
const packages = folders.map((folder) => ({ folder, ...json(`${folder}/package.json`) }));
const folderOf = new Map(packages.map(({ name, folder }) => [name, folder]));
const room = (folder) => folder.split('/')[1];

const isTest = (file) => /\.test(-d)?\.ts$/.test(file);
// Statements start a line in formatted code, so the examples in doc comments are passed over.
const importForms = [
  /^(?:import|export)\b[^;'"=]*?\bfrom\s*'([^']+)'/gm,
  /^(?:import|declare module)\s*'([^']+)'/gm,
  /^(?!\s*(?:\*|\/\/)).*\bimport\(\s*'([^']+)'/gm,
];
const imports = (file) => {
  const text = readFileSync(file, 'utf8');
  return importForms.flatMap((form) => [...text.matchAll(form)].map(([, specifier]) => specifier));
};

const problems = [];
for (const { folder, name, dependencies = {}, peerDependencies = {} } of packages) {
  const row = table.find((row) => (row.in.endsWith('/') ? folder.startsWith(row.in) : folder === row.in));
  if (!row) {
    problems.push(`${folder}: not in the table of tools/check-boundaries.mjs`);
    continue;
  }
  const judge = (specifier, where, kind) => {
    const target = specifier.match(/^(@[^/]+\/)?[^/]+/)[0];
    if (target === name) return;
    const rooms = kind === 'test' ? [...everything, 'testing'] : row.may;
    const granted = folderOf.has(target)
      ? rooms.includes(room(folderOf.get(target)))
      : !target.startsWith('@tensorflow/') || row.tfjs?.includes(kind);
    if (!granted) problems.push(`${where}: ${folder} may not import ${target}`);
  };

  const declared = { ...dependencies, ...peerDependencies };
  for (const dependency of Object.keys(declared)) judge(dependency, `${folder}/package.json`, 'manifest');
  if (folder === 'packages/core' && Object.keys(declared).length > 0) problems.push('packages/core has dependencies');

  for (const entry of readdirSync(`${folder}/src`, { recursive: true })) {
    const file = join(folder, 'src', entry);
    if (!file.endsWith('.ts')) continue;
    for (const specifier of imports(file)) {
      if (!specifier.startsWith('.')) judge(specifier, file, isTest(file) ? 'test' : 'source');
      else if (relative(folder, join(dirname(file), specifier)).startsWith('..'))
        problems.push(`${file}: ${specifier} leaves the package; import it by name`);
    }
  }

  const references = (json(`${folder}/tsconfig.json`).references ?? []).map(({ path }) =>
    normalize(join(folder, path)),
  );
  const needed = Object.keys(declared).flatMap((dependency) => folderOf.get(dependency) ?? []);
  if (references.sort().join() !== needed.sort().join())
    problems.push(`${folder}/tsconfig.json: references should be ${needed.join(', ') || 'empty'}, as in package.json`);
}

const listed = json('tsconfig.json').references.map(({ path }) => path);
for (const folder of folders) if (!listed.includes(folder)) problems.push(`tsconfig.json: ${folder} is not referenced`);

for (const problem of problems) console.error(problem);
console.log(`${packages.length} packages, ${problems.length} boundary problems`);
process.exit(problems.length === 0 ? 0 : 1);
