import '@neural-ode/backend-cpu/register';
import '@neural-ode/backend-wasm/register';
import '@neural-ode/gradient-naive/register';
import { useBackend } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { backends, batch } from './fixtures/backends.ts';
import { relativeDifference } from './fixtures/gradients.ts';
import {
  crossEntropy,
  type Layer,
  node18,
  odeBlocks,
  resnet18,
  type TrainingStepGradient,
  trainingStepGradient,
} from './index.ts';
import { LayerMaker } from './residual-blocks.ts';

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

describe('is made as PyTorch makes it', () => {
  beforeAll(async () => {
    await useBackend('cpu');
  });

  it('with four blocks of two convolutions each', () => {
    const model = node18(options);
    const blocks = odeBlocks(model);
    const part = ['Conv2D', 'BatchNorm', 'ReLU'];
    for (const block of blocks) {
      expect(block.field.map((layer) => layer.getClassName())).toEqual([...part, ...part]);
      expect(block.getConfig()).toMatchObject({
        t0: 0,
        t1: 1,
        solver: 'heunEuler',
        gradient: 'aca',
        rtol: 1e-2,
        atol: 1e-2,
      });
    }
    expect(blocks.map((block) => block.outputShape)).toEqual([
      [null, 8, 8, 2],
      [null, 4, 4, 4],
      [null, 2, 2, 8],
      [null, 1, 1, 16],
    ]);
    model.dispose();
  });

  it('with weights uniform up to one over the root of the inputs', () => {
    const model = node18(options);
    const check = (name: string, inputs: number) => {
      const weight = model.weights.find(({ originalName }) => originalName.endsWith(name));
      const values = [...(weight?.read().dataSync() ?? [])].map((v) => Math.abs(v) * Math.sqrt(inputs));
      expect(Math.max(...values)).toBeLessThanOrEqual(1 + 1e-6);
      expect(Math.max(...values)).toBeGreaterThan(0.4);
      if (values.length < 1000) return;
      expect(values.reduce((sum, v) => sum + v * v, 0) / values.length).toBeCloseTo(1 / 3, 1);
    };
    check('stage4_ode_1_conv/kernel', 9 * 16);
    check('logits/kernel', 16);
    check('logits/bias', 16);
    model.dispose();
  });

  it('with convolutions padded by one on all sides, strided ones too', () => {
    const [pad, convolution] = new LayerMaker(1).convolution('c', 1, 3, 2) as [Layer, Layer];
    tf.tidy(() => {
      const x = tf.reshape(tf.range(1, 17), [1, 4, 4, 1]);
      const padded = pad.apply(x) as tf.Tensor;
      convolution.apply(padded);
      // The corner at the top left of each window.
      convolution.setWeights([tf.reshape(tf.tensor1d([1, 0, 0, 0, 0, 0, 0, 0, 0]), [3, 3, 1, 1])]);
      expect([...(convolution.apply(padded) as tf.Tensor).dataSync()]).toEqual([0, 0, 0, 6]);
    });
    convolution.dispose();
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
