import '@neural-ode/backend-cpu/register';
import '@neural-ode/backend-wasm/register';
import '@neural-ode/gradient-naive/register';
import { useBackend } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { backends, batch } from './fixtures/backends.ts';
import { relativeDifference } from './fixtures/gradients.ts';
import { crossEntropy, node18, odeBlocks, resnet18, type TrainingStepGradient, trainingStepGradient } from './index.ts';

const options = { classes: 3, width: 2, inputShape: [8, 8, 3], seed: 7 } as const;

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
    const { x, labels } = batch(8, 8, 3);
    const weights = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const optimizer = tf.train.sgd(5e-4);
    const loss = () => crossEntropy(labels, model.apply(x, { training: true }) as tf.Tensor);
    const start = tf.memory().numTensors;
    const losses = [1, 2].map(() =>
      tf.tidy(() => (optimizer.minimize(loss, true, weights) as tf.Scalar).dataSync()[0] as number),
    );
    expect(losses[1]).toBeLessThan(losses[0] as number);
    expect(tf.memory().numTensors).toBe(start);
    tf.dispose([x, labels]);
    model.dispose();
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('the gradient by ACA is that of all stages kept, on the same steps', async () => {
    const model = node18(options);
    const { x, labels } = batch(8, 8, 3);
    const before = tf.memory().numTensors;
    const aca = await trainingStepGradient(model, x, labels);
    expect(tf.memory().numTensors).toBe(before);
    const meshes = odeBlocks(model).map(({ latest }) => latest?.mesh);
    for (const block of odeBlocks(model)) block.configure({ gradient: 'naive' });
    const naive = await trainingStepGradient(model, x, labels);
    expect(odeBlocks(model).map(({ latest }) => latest?.mesh)).toEqual(meshes);
    expect(Object.keys(aca.gradients).length).toBe(model.trainableWeights.length);
    expect(relativeDifference(aca.gradients, naive.gradients)).toBeLessThan(1e-4);
    tf.dispose([x, labels]);
    model.dispose();
  });

  it('returns the same after it was saved and loaded, and is solved by other means without training', async () => {
    const model = node18(options);
    const { x, labels } = batch(2, 8, 3);
    tf.tidy(() => model.apply(x, { training: true }) as tf.Tensor);
    let artifacts: tf.io.ModelArtifacts = {};
    await model.save(
      tf.io.withSaveHandler(async (given) => {
        artifacts = given;
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
      }),
    );
    const loaded = await loadLayersModel(tf.io.fromMemory(artifacts));
    const logits = (one: LayersModel) => tf.tidy(() => (one.apply(x) as tf.Tensor).dataSync());
    const coarse = logits(model);
    expect(logits(loaded)).toEqual(coarse);
    for (const block of odeBlocks(loaded)) block.configure({ solver: 'rk4', stepSize: 0.1 });
    const fine = logits(loaded);
    expect(fine).not.toEqual(coarse);
    for (const [n, value] of fine.entries()) expect(Math.abs(value - (coarse[n] as number))).toBeLessThan(0.1);
    tf.dispose([x, labels]);
    for (const one of [model, loaded]) one.dispose();
  });
});

it('the gradient is that of finite differences, along itself', async () => {
  await useBackend('wasm');
  const model = node18({ ...options, stepSize: 0.25 });
  const { x, labels } = batch(8, 8, 3);
  const { gradients } = await trainingStepGradient(model, x, labels);
  const square = Object.values(gradients).reduce((sum, g) => sum + g.reduce((part, v) => part + v * v, 0), 0);
  const move = (length: number) => {
    for (const weight of model.trainableWeights) {
      const step = (gradients[weight.originalName] as Float32Array).map((v) => v * length);
      tf.tidy(() => {
        weight.write(tf.add(weight.read(), tf.tensor(step, weight.shape as number[])));
      });
    }
  };
  const loss = () =>
    tf.tidy(
      () => crossEntropy(labels, model.apply(x, { training: true, observe() {} }) as tf.Tensor).dataSync()[0] as number,
    );
  const length = 2e-4 / Math.sqrt(square);
  move(length);
  const ahead = loss();
  move(-2 * length);
  const slope = (ahead - loss()) / (2 * length);
  expect(slope / square).toBeGreaterThan(0.97);
  expect(slope / square).toBeLessThan(1.03);
  tf.dispose([x, labels]);
  model.dispose();
});

it('the gradient of a training step is the same on every backend', async () => {
  const found: TrainingStepGradient[] = [];
  for (const backend of backends) {
    await useBackend(backend);
    const model = node18(options);
    const { x, labels } = batch(8, 8, 3);
    found.push(await trainingStepGradient(model, x, labels));
    tf.dispose([x, labels]);
    model.dispose();
  }
  const [first, ...others] = found as [TrainingStepGradient, ...TrainingStepGradient[]];
  for (const { loss, gradients } of others) {
    expect(loss).toBeCloseTo(first.loss, 4);
    expect(relativeDifference(gradients, first.gradients)).toBeLessThan(1e-3);
  }
});
