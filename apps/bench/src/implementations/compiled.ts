import '@neural-ode/backend-cpu/register';
import { compile } from '@neural-ode/compiler';
import * as tf from '@tensorflow/tfjs-core';
import { odeintVjp, solve, useBackend } from 'neural-ode';
import type { Entry, Runner } from '../entry.ts';
import type { GradientProblem } from '../problems/gradient-problem.ts';
import type { SolveProblem } from '../problems/solve-problem.ts';

type Dtype = Entry['dtype'];

/** neural-ode with the tensor field compiled; of several starts each has steps of its own. */
export async function solveCompiled(problem: SolveProblem, dtype: Dtype, threads = 1): Promise<Runner> {
  await useBackend('cpu');
  const { tensorField, starts, t0, t1, rtol, atol } = problem;
  const f = compile(tensorField, { example: starts[0] as readonly number[], dtype, ownSteps: starts.length > 1 });
  if (threads > 1) await f.useThreads(threads);
  const y0 = Float64Array.from(starts.flat());
  return { run: () => solve({ f, y0, t0, t1 }, { rtol, atol }).ys[0] as Float64Array };
}

/** neural-ode with the tensor field compiled: the ACA gradient on plain numbers. */
export async function gradientCompiled(problem: GradientProblem, dtype: Dtype, threads = 1): Promise<Runner> {
  await useBackend('cpu');
  const { f, y0: example, variables, flatten, dispose } = problem.tensors();
  const compiled = compile(f, { example, embed: true, dtype });
  if (threads > 1) await compiled.useThreads(threads);
  const order = parameterOrder(compiled.parameters, variables, flatten);
  const { y0, ts, rtol, atol } = problem;
  return {
    run() {
      const { ys, pullback } = odeintVjp(compiled, y0, ts, { rtol, atol, wantTimes: false });
      const { parameters } = pullback(problem.lossCotangents(ys));
      // Not `Float64Array.from` with a function, whose iterator would take a tenth of the time of a small gradient.
      const gradient = new Float64Array(order.length);
      for (let n = 0; n < order.length; n++) gradient[n] = parameters[order[n] as number] as number;
      return gradient;
    },
    dispose,
  };
}

/** Where each of the plain parameters lies among the compiled field's. */
function parameterOrder(
  parameters: readonly { readonly name: string; readonly shape: readonly number[] }[],
  variables: readonly tf.Variable[],
  flatten: (gradients: readonly tf.Tensor[]) => Float64Array,
): Int32Array {
  return tf.tidy(() => {
    let offset = 0;
    const places = new Map(
      parameters.map(({ name, shape }) => {
        const size = tf.util.sizeFromShape([...shape]);
        const indices = tf.reshape(tf.range(offset, offset + size), [...shape]);
        offset += size;
        return [name, indices] as const;
      }),
    );
    return Int32Array.from(flatten(variables.map(({ name }) => places.get(name) as tf.Tensor)));
  });
}
