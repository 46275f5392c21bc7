import { crossEntropy, node18 } from '@neural-ode/models';
import * as tf from '@tensorflow/tfjs-core';
import type { Runner } from '../entry.ts';
import { normalNumbers } from './random.ts';

/** One training step of NODE18 on images of 32 x 32, of so many channels in its first stage, on the current backend. */
export function node18Step({ width, batch }: { readonly width: number; readonly batch: number }): Runner {
  const model = node18({ classes: 10, width, seed: 1 });
  const x = tf.tensor4d(Float32Array.from(normalNumbers(41, batch * 32 * 32 * 3)), [batch, 32, 32, 3]);
  const labels = tf.oneHot(
    Array.from({ length: batch }, (_, n) => n % 10),
    10,
  );
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  return {
    run() {
      tf.engine().startScope();
      try {
        // The running statistics are left alone, so that every run does the same.
        const loss = () => crossEntropy(labels, model.apply(x, { training: true, observe() {} }) as tf.Tensor);
        const { grads } = tf.variableGrads(loss, variables);
        // That of the last layer waits for nothing else, that of the first for all.
        return (grads[variables[0]?.name ?? ''] as tf.Tensor).dataSync<'float32'>().slice();
      } finally {
        tf.engine().endScope();
      }
    },
    dispose() {
      model.dispose();
      tf.dispose([x, labels]);
    },
  };
}
