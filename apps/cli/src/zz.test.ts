import { test } from 'vitest';
import { useBackend } from 'neural-ode';
import * as tf from '@tensorflow/tfjs-core';
import { arrayObjective } from './three-body/array-objective.ts';
import { tensorObjective } from './three-body/tensor-objective.ts';
import { observe, equalTimes, positionError } from './three-body/observations.ts';
test('x', async () => {
  const obs = observe(equalTimes(1, 1000));
  const o0 = arrayObjective(obs, { solver: 'dopri5', gradient: 'aca', rtol: 1e-10, atol: 1e-10 });
  console.log(o0.evaluate([1,1,1]), o0.evaluate([1.1, 1.1, .9]));
  for (const b of ['wasm', 'cpu']) for (const tol of [1e-5, 1e-6, 1e-7]) {
    await useBackend(b as never);
    const o = tensorObjective(obs, { solver: 'dopri5', gradient: 'aca', rtol: tol, atol: tol });
    const n = tf.memory().numTensors;
    o.evaluate([1,1,1]); o.evaluate([1,1,1]);
    const t = performance.now();
    console.log(b, tol, o.evaluate([1,1,1]), performance.now() - t, tf.memory().numTensors - n);
  console.log(o.evaluate([1.1, 1.1, .9]));
    o.dispose();
  }
}, 600000);
