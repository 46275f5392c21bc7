// Prints how long compiling takes, from what `npm run build` made: medians over fresh processes, of processor time, from
// `compile()` to the end of one step and its gradient. V8 compiles this library's JavaScript at its first call, on the
// same clock: `--no-lazy` does that while modules load, so the difference is V8's. Its optimizing compiler runs beside the
// main thread, and is off but for the last number. Never a test: it measures the machine too.
import { spawnSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = (file) => import(pathToFileURL(`${root}${file}`).href);

const problems = {
  'three-body': async () => (await built('apps/bench/dist/problems/three-body.js')).threeBody('').problem,
  'MLP 20-50-50-20': async () => {
    const { latentMlp, mlpProblem } = await built('apps/bench/dist/problems/mlp.js');
    return mlpProblem(latentMlp());
  },
  'MLP 64-256-64, batch 128': async () => {
    const { mlpProblem, wideMlp } = await built('apps/bench/dist/problems/mlp.js');
    return mlpProblem(wideMlp(128));
  },
};

/** Processor time so far, in ms. */
function cpu() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Measures once, in this process. */
async function measure(name, dtype) {
  await built('packages/backends/cpu/dist/register.js');
  const [{ compile }, { odeintVjp, useBackend }] = [await import('@neural-ode/compiler'), await import('neural-ode')];
  await useBackend('cpu');
  const problem = await problems[name]();
  const { f, y0: example } = problem.tensors();
  let engine = 0;
  for (const part of ['Module', 'Instance']) {
    WebAssembly[part] = new Proxy(WebAssembly[part], {
      construct(target, args) {
        const before = cpu();
        const made = new target(...args);
        engine += cpu() - before;
        return made;
      },
    });
  }
  const solve = (field) => {
    const { ys, pullback } = odeintVjp(field, problem.y0, [0, 1e-6], { stepSize: 1e-6 });
    pullback([undefined, ys[1]]);
  };
  const start = cpu();
  const compiled = compile(f, { example, embed: true, dtype });
  const traced = cpu();
  solve(compiled);
  const end = cpu();
  solve(compiled);
  const solving = cpu() - end;
  console.log(
    JSON.stringify({ trace: traced - start, emit: end - traced - engine - solving, engine, all: end - start }),
  );
}

/** Medians of so many processes with flags of V8. */
function medians(name, dtype, flags) {
  const runs = Array.from({ length: 9 }, () => {
    const args = [...flags, fileURLToPath(import.meta.url), name, dtype];
    return JSON.parse(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout);
  });
  return Object.fromEntries(
    Object.keys(runs[0]).map((key) => [
      key,
      runs
        .map((run) => run[key])
        .sort((a, b) => a - b)[4]
        .toFixed(1),
    ]),
  );
}

const [name, dtype] = process.argv.slice(2);
if (name) await measure(name, dtype);
else {
  const plain = ['--single-threaded', '--no-opt'];
  for (const one of Object.keys(problems)) {
    for (const precision of ['float64', 'float32']) {
      const { trace, emit, engine, all } = medians(one, precision, plain);
      const compiledBefore = medians(one, precision, [...plain, '--no-lazy']);
      const optimizing = medians(one, precision, []);
      console.log(
        `${one}, ${precision}: ${all} ms (tracing ${trace}, writing code ${emit}, WebAssembly ${engine}); ` +
          `${compiledBefore.all} where V8 has compiled our JavaScript; ${optimizing.all} with its optimizing threads`,
      );
    }
  }
}
