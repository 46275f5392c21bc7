import '@neural-ode/gradient-naive/register';
import { useBackend } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { backends, batch } from './fixtures/backends.ts';
import { crossEntropy, node18, plan, resnet18, trainingStepGradient } from './index.ts';
import { odeBlocks } from './ode-block.ts';

const options = { classes: 3, width: 4, inputShape: [8, 8, 3], seed: 7 } as const;

function trainableCount(model: LayersModel): number {
  return model.trainableWeights.reduce((sum, { shape }) => sum + tf.util.sizeFromShape(shape as number[]), 0);
}

describe('at full width', () => {
  beforeAll(async () => {
    await useBackend('cpu');
  });

  it.each([
    ['node18', node18],
    ['resnet18', resnet18],
  ])('%s has 11,173,962 parameters', (_, make) => {
    const model = make({ classes: 10 });
    expect(trainableCount(model)).toBe(11_173_962);
    expect(model.outputs[0]?.shape).toEqual([null, 10]);
    model.dispose();
  });
});

describe.each(backends)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it.each([
    ['node18', node18],
    ['resnet18', resnet18],
  ])('training steps of %s lower the loss, and leave no tensor', (_, make) => {
    const before = tf.memory().numTensors;
    const model = make(options);
    const { x, labels } = batch(4, 8, 3);
    const weights = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const optimizer = tf.train.sgd(0.02);
    const loss = () => crossEntropy(labels, model.apply(x, { training: true }) as tf.Tensor);
    const start = tf.memory().numTensors;
    const losses = [1, 2, 3].map(() =>
      tf.tidy(() => (optimizer.minimize(loss, true, weights) as tf.Scalar).dataSync()[0] as number),
    );
    expect(losses[1]).toBeLessThan(losses[0] as number);
    expect(losses[2]).toBeLessThan(losses[1] as number);
    expect(tf.memory().numTensors).toBe(start);
    tf.dispose([x, labels]);
    model.dispose();
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
