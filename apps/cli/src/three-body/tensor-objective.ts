import * as tf from '@tensorflow/tfjs-core';
import { type BackwardStats, odeint, type Stats } from 'neural-ode';
import type { Objective, SolveOptions } from './objective.ts';
import type { Observations } from './observations.ts';
import { initialState, tensorSystem } from './problem.ts';

/** The objective on float32 tensors of the current tfjs backend, differentiated by tfjs through `odeint`. */
export function tensorObjective({ ts, positions, weights }: Observations, options: SolveOptions): Objective {
  const times = ts.length;
  const y0 = tf.tensor2d([...initialState], [6, 3]);
  const observed = tf.tensor3d(Float32Array.from(positions.flatMap((r) => [...r])), [times, 3, 3]);
  const weight = tf.tensor3d([...weights], [times, 1, 1]);
  const system = tensorSystem();

  return {
    evaluate(masses) {
      let forward: Stats | undefined;
      let backward: BackwardStats | undefined;
      const loss = (args: tf.Tensor1D) => {
        const ys = odeint(system.f, y0, ts, {
          ...options,
          args,
          onForward: (stats: Stats) => (forward = stats),
          onBackward: (stats: BackwardStats) => (backward = stats),
        });
        const differences = tf.sub(tf.slice(ys, [0, 0, 0], [-1, 3, -1]), observed);
        return tf.sum(tf.mul(weight, tf.square(differences))) as tf.Scalar;
      };
      const numbers = tf.tidy(() => {
        const { value, grad } = tf.valueAndGrad(loss as (args: tf.Tensor) => tf.Tensor)(tf.tensor1d([...masses]));
        return { loss: value.dataSync()[0] as number, gradient: [...grad.dataSync()] };
      });
      return { ...numbers, forward: forward as Stats, backward: backward as BackwardStats };
    },
    dispose() {
      tf.dispose([y0, observed, weight]);
      system.dispose();
    },
  };
}
