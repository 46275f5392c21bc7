// Prints how long compiling takes, from what `npm run build` made: each field in a process of its own, first cold, then
// again. Until the end of one step and its gradient, so tracing, the module and its start are all in. Never a test: it
// measures the machine too.
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

async function measure(name, dtype) {
  await built('packages/backends/cpu/dist/register.js');
  const [{ compile }, { odeintVjp, useBackend }] = [await import('@neural-ode/compiler'), await import('neural-ode')];
  await useBackend('cpu');
  const problem = await problems[name]();
  const { f, y0: example } = problem.tensors();
  const times = Array.from({ length: 6 }, () => {
    const before = performance.now();
    const cpuBefore = process.cpuUsage();
    const compiled = compile(f, { example, embed: true, dtype });
    const traced = performance.now();
    const { ys, pullback } = odeintVjp(compiled, problem.y0, [0, 1e-6], { stepSize: 1e-6 });
    pullback([undefined, ys[1]]);
    const all = performance.now() - before;
    const { user, system } = process.cpuUsage(cpuBefore);
    return { trace: traced - before, all, cpu: (user + system) / 1000 };
  });
  const text = ({ trace, all, cpu }) =>
    `${all.toFixed(1)} ms (of which compile() ${trace.toFixed(1)}; ${cpu.toFixed(1)} ms of all processors)`;
  const warm = times.slice(1).sort((a, b) => a.all - b.all)[2];
  console.log(`${name}, ${dtype}: cold ${text(times[0])}, warm ${text(warm)}`);
}

const [name, dtype] = process.argv.slice(2);
if (name) await measure(name, dtype);
else {
  for (const one of Object.keys(problems)) {
    for (const precision of ['float64', 'float32']) {
      spawnSync(process.execPath, [fileURLToPath(import.meta.url), one, precision], { stdio: 'inherit' });
    }
  }
}
