import '@neural-ode/backend-cpu/register';
import '@neural-ode/backend-wasm/register';
import * as tf from '@tensorflow/tfjs-core';
import { odeint, useBackend } from 'neural-ode';
import type { Runner } from '../entry.ts';
import type { GradientProblem } from '../problems/gradient-problem.ts';
import type { SolveProblem } from '../problems/solve-problem.ts';

type Backend = 'wasm' | 'cpu';

/** neural-ode on tensors: all starts as one batch with shared steps, since a tensor operation costs more than its arithmetic. */
export async function solveTensors(problem: SolveProblem, backend: Backend): Promise<Runner> {
  await useBackend(backend);
  const { tensorField, starts, t0, t1, rtol, atol } = problem;
  const y0 = tf.tensor2d(starts.flat(), [starts.length, starts[0]?.length ?? 0]);
  return {
    run: () =>
      tf.tidy(() =>
        tf.slice(odeint(tensorField, y0, [t0, t1], { solver: 'dopri5', rtol, atol }), 1).dataSync<'float32'>(),
      ),
    dispose: () => y0.dispose(),
  };
}

/** neural-ode on tensors: the ACA gradient by `tf.variableGrads`. */
export async function gradientTensors(problem: GradientProblem, backend: Backend): Promise<Runner> {
  await useBackend(backend);
  const { ts, rtol, atol } = problem;
  const { f, y0, variables, loss, flatten, dispose } = problem.tensors();
  const options = { solver: 'dopri5', gradient: 'aca', rtol, atol } as const;
  return {
    run() {
      tf.engine().startScope();
      try {
        const { grads } = tf.variableGrads(() => loss(odeint(f, y0, ts, options)), [...variables]);
        return flatten(variables.map(({ name }) => grads[name] as tf.Tensor));
      } finally {
        tf.engine().endScope();
      }
    },
    dispose,
  };
}
