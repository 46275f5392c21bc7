import * as tf from '@tensorflow/tfjs-core';
import { batchNorm } from './batch-norm.ts';
import { binary } from './binary.ts';
import { constants } from './constants.ts';
import { convolution } from './convolution.ts';
import { repairCustomGradients } from './custom-gradients.ts';
import { depthwiseConvolution } from './depthwise-convolution.ts';
import { einsum } from './einsum.ts';
import type { Gradient } from './gradient.ts';
import { indexing } from './indexing.ts';
import { matMul } from './mat-mul.ts';
import { pooling } from './pooling.ts';
import { reductions } from './reductions.ts';
import { resizings } from './resizing.ts';
import { shapes } from './shapes.ts';
import { unary } from './unary.ts';
import { volumes } from './volumes.ts';

const all = [
  ...unary,
  ...binary,
  ...constants,
  ...reductions,
  ...shapes,
  ...indexing,
  matMul,
  einsum,
  ...convolution,
  ...depthwiseConvolution,
  volumes,
  ...pooling,
  ...resizings,
  batchNorm,
];

let completed: tf.GradConfig | undefined;

/**
 * Registers the gradients that tfjs-core lacks outside of a bundler, and replaces those of its own that are wrong. It may
 * be called again and again, and again after `@tensorflow/tfjs` was loaded, which registers its own.
 *
 * A gradient is looked up when its operation runs forward, so this must have been called by then: `useBackend` and
 * `odeint` call it.
 */
export function completeGradients(): void {
  if (completed && tf.getGradient('Tanh') === completed) return;
  repairCustomGradients();
  for (const gradient of all) register(gradient);
  completed = tf.getGradient('Tanh');
}

function register(gradient: Gradient): void {
  const { kernelName } = gradient;
  if (tf.getGradient(kernelName)) {
    if (!gradient.replaces) return;
    // Registering over another is warned about.
    tf.unregisterGradient(kernelName);
  }
  tf.registerGradient(gradient as unknown as tf.GradConfig);
}
