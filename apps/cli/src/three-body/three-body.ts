import { resolve as absolute, join } from 'node:path';
import { useBackend } from 'neural-ode';
import '@neural-ode/backend-cpu/register';
import '@neural-ode/backend-wasm/register';
import { adaptiveSolver, named } from '../arguments.ts';
import type { Io } from '../command-line/io.ts';
import { checkWritable, writeWhole } from '../command-line/output-file.ts';
import { arrayObjective } from './array-objective.ts';
import { fit } from './fit.ts';
import type { Objective, SolveOptions } from './objective.ts';
import { equalTimes, type Observations, observe, positionError } from './observations.ts';
import { defaultTolerance, type ThreeBodyOptions } from './options.ts';
import { drawOrbits } from './orbits.ts';
import { compiledField, field, trueMasses, vjp } from './problem.ts';
import { progress } from './progress.ts';
import { randomNumbers } from './random.ts';
import { type Errors, resultOf, summary } from './report.ts';
import { tensorObjective } from './tensor-objective.ts';

/** Runs `three-body`. */
export async function threeBody(given: ThreeBodyOptions, io: Io): Promise<void> {
  const rtol = given.rtol ?? defaultTolerance[given.field];
  const options = { ...given, rtol, atol: given.atol ?? rtol };
  const method = { solver: adaptiveSolver(options.solver), gradient: named('gradient', options.gradient) };
  named('backend', options.backend);
  const files = { result: join(options.out, 'result.json'), orbits: join(options.out, 'orbits.svg') };
  for (const file of Object.values(files)) checkWritable(file, '--out');

  const { solver, gradient, observations, epochs, starts, seed } = options;
  io.stdout.write(
    `Three bodies: their masses from ${observations} observed positions on [0, 1]\n` +
      `${means(options)}; ${solver}, ${gradient}, ` +
      `rtol ${rtol.toExponential()}, atol ${options.atol.toExponential()}; at most ${epochs} epochs\n\n`,
  );
  const began = performance.now();
  const observed = observe(equalTimes(1, observations));
  const objective = await objectiveFor(observed, options, { ...method, rtol, atol: options.atol });
  const bar = progress(io, epochs);
  const random = randomNumbers(seed);
  const draw = () => trueMasses.map(() => 0.9 + 0.2 * random());
  try {
    const found = await fit(objective, draw, { epochs, starts }, io, bar.show);
    bar.stop();
    const masses = found.best.masses;
    const errors: Errors = {
      train: positionError(masses, observed),
      test: positionError(masses, observe(equalTimes(2, 2 * observations - 1))),
    };
    const seconds = (performance.now() - began) / 1000;
    writeWhole(files.orbits, drawOrbits(masses, 2));
    writeWhole(files.result, `${JSON.stringify(resultOf(options, found, errors, seconds), null, 2)}\n`);
    io.stdout.write(`\n${summary(found, errors, seconds)}\n\n`);
    for (const file of Object.values(files)) io.stdout.write(`written: ${absolute(file)}\n`);
  } finally {
    bar.stop();
    objective.dispose();
  }
}

async function objectiveFor(
  observations: Observations,
  { field: kind, backend }: ThreeBodyOptions,
  options: SolveOptions,
): Promise<Objective> {
  if (kind === 'arrays') return arrayObjective({ f: field, vjp }, observations, options);
  if (kind === 'tensors') {
    await useBackend(backend as Parameters<typeof useBackend>[0]);
    return tensorObjective(observations, options);
  }
  await useBackend('cpu');
  return arrayObjective(compiledField(), observations, options);
}

/** What the field computes on. */
function means({ field: kind, backend }: ThreeBodyOptions): string {
  if (kind === 'tensors') return `float32 tensors, tfjs ${backend}`;
  return kind === 'arrays' ? 'float64 arrays' : 'float64, field compiled';
}
