import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { plan } from './plan.ts';

/**
 * Softmax cross entropy of logits, as the loss of a classifier that returns them: `model.compile({ loss: crossEntropy, ... })`.
 *
 * @param labels one-hot rows or probabilities, `[batch, classes]`
 * @param logits `[batch, classes]`
 * @returns its mean over the batch, a scalar
 */
export function crossEntropy(labels: tf.Tensor, logits: tf.Tensor): tf.Scalar {
  return tf.tidy(() => tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), -1))));
}

/** The gradient of one training step. */
export interface TrainingStepGradient {
  readonly loss: number;
  /** Of each trainable weight, by its name in a saved model. */
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

/**
 * The gradient of {@link crossEntropy} that one training step of a classifier takes, to be compared between backends. Steps are
 * planned first and all reads are asynchronous, so that it works on every backend. The model stays as it is.
 *
 * @param x images `[batch, ...]`
 * @param labels one-hot rows `[batch, classes]`
 */
export async function trainingStepGradient(
  model: LayersModel,
  x: tf.Tensor,
  labels: tf.Tensor,
): Promise<TrainingStepGradient> {
  await plan(model, x, { training: true });
  const weights = model.trainableWeights;
  const { value, grads } = tf.variableGrads(
    () => crossEntropy(labels, model.apply(x, { training: true, observe() {} }) as tf.Tensor),
    weights.map((weight) => weight.read() as tf.Variable),
  );
  try {
    const named = weights.map(async (weight) => {
      const gradient = grads[weight.name] as tf.Tensor;
      return [weight.originalName, (await gradient.data()) as Float32Array] as const;
    });
    const [loss = Number.NaN] = await value.data();
    return { loss, gradients: Object.fromEntries(await Promise.all(named)) };
  } finally {
    tf.dispose([value, grads as unknown as tf.TensorContainer]);
  }
}
