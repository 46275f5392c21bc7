import '@neural-ode/backend-cpu/register';
import '@neural-ode/backend-node/register';
import '@neural-ode/backend-wasm/register';
import '@neural-ode/backend-webgpu/register';
import { BackendError, useBackend } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { relativeDifference } from './fixtures/gradients.ts';
import { node18, type TrainingStepGradient, trainingStepGradient } from './index.ts';

/** The gradient of a training step of a narrow NODE18, the same on every backend. */
async function gradientHere(): Promise<TrainingStepGradient> {
  const model = node18({ classes: 3, width: 4, inputShape: [8, 8, 3], seed: 7 });
  const x = tf.randomNormal([8, 8, 8, 3], 0, 1, 'float32', 5);
  const labels = tf.oneHot([0, 1, 2, 0, 1, 2, 0, 1], 3);
  try {
    return await trainingStepGradient(model, x, labels);
  } finally {
    model.dispose();
    tf.dispose([x, labels]);
  }
}

async function reason(start: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await start();
    return undefined;
  } catch (error) {
    if (error instanceof BackendError) return Object.values(error.reasons).join();
    throw error;
  }
}

const backends = {
  wasm: () => useBackend('wasm'),
  'wasm in two threads': async () => {
    tf.removeBackend('wasm');
    await useBackend('wasm', { threads: 2 });
  },
  tensorflow: () => useBackend('tensorflow'),
  webgpu: () => useBackend('webgpu', { cpuForward: false, warn() {} }),
};

await useBackend('cpu');
const expected = await gradientHere();

describe.each(Object.entries(backends))('a training step of NODE18 on %s', (name, start) => {
  it('has the gradient that it has on cpu', async ({ skip }) => {
    const missing = await reason(start);
    if (missing !== undefined) {
      const optional = ['tensorflow', 'webgpu'].includes(name) && process.env.NEURAL_ODE_REQUIRED !== name;
      expect(optional, missing).toBe(true);
      skip(`not here: ${missing}`);
    }
    const { loss, gradients } = await gradientHere();
    expect(Math.abs(loss - expected.loss) / expected.loss).toBeLessThan(1e-3);
    expect(relativeDifference(gradients, expected.gradients)).toBeLessThan(1e-3);
  });
});
