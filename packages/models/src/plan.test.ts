import '@neural-ode/backend-cpu/register';
import '@neural-ode/backend-wasm/register';
import { useBackend } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import {
  initializers,
  input,
  type LayersModel,
  layers,
  model,
  type SymbolicTensor,
  sequential,
} from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { backends } from './fixtures/backends.ts';
import { batchNorm, neuralOde, odeBlocks, plan } from './index.ts';

const kernelInitializer = initializers.randomUniform({ minval: -1, maxval: 1, seed: 5 });
const ode = { solver: 'heunEuler', rtol: 1e-3, atol: 1e-3 } as const;

/** Two blocks, one of them in a model inside of the model, and a sum of two branches. */
function makeModel(): LayersModel {
  const x = input({ shape: [2] });
  const block = () => neuralOde({ f: [layers.dense({ units: 2, kernelInitializer }), batchNorm()], ...ode });
  const inner = sequential({ layers: [layers.dense({ units: 2, kernelInitializer, inputShape: [2] }), block()] });
  const y = block().apply(batchNorm().apply(x)) as SymbolicTensor;
  return model({ inputs: x, outputs: layers.add().apply([x, inner.apply(y) as SymbolicTensor]) as SymbolicTensor });
}

describe.each(backends)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it('a planned call takes the steps of a searched one, without a search, once', async () => {
    const m = makeModel();
    const x = tf.tensor2d([
      [1, -0.5],
      [0.2, 0.8],
      [-1.5, 0.3],
    ]);
    const call = () => tf.tidy(() => (m.apply(x, { training: true, observe() {} }) as tf.Tensor).dataSync());
    const blocks = odeBlocks(m);
    expect(blocks.length).toBe(2);
    const searched = call();
    const solves = blocks.map(({ latest }) => latest);

    const before = tf.memory().numTensors;
    await plan(m, x, { training: true });
    expect(tf.memory().numTensors).toBe(before);
    expect(call()).toEqual(searched);
    for (const [n, block] of blocks.entries()) {
      const { mesh, accepted = 0, evaluations = 0 } = solves[n] ?? {};
      expect(block.latest).toEqual({ mesh, accepted, rejected: 0, evaluations: 2 * accepted });
      expect(evaluations).toBeGreaterThan(2 * accepted);
    }

    call();
    expect(blocks.map(({ latest }) => latest)).toEqual(solves);
    x.dispose();
    m.dispose();
  });

  it('refuses a call that is not the one planned for, once, and forgets a plan that failed', async () => {
    const m = makeModel();
    const [x, wide] = [tf.ones([3, 2]), tf.ones([4, 2])];
    const apply = (input: tf.Tensor, training = false) => tf.dispose(m.apply(input, { training }) as tf.Tensor);
    await plan(m, x);
    expect(() => apply(wide)).toThrow(/planned for an input of shape \[3,2\] not in training, and it is called with/);
    await plan(m, x);
    expect(() => apply(x, true)).toThrow(/with an input of shape \[3,2\] in training: plan for the very next call/);
    await plan(m, x);
    for (const block of odeBlocks(m)) block.configure({});
    apply(wide);

    odeBlocks(m)[0]?.configure({ maxSteps: 1 });
    odeBlocks(m)[1]?.configure({ maxSteps: 1 });
    await expect(plan(m, x)).rejects.toThrow(/did not reach/);
    for (const block of odeBlocks(m)) block.configure({ maxSteps: undefined });
    apply(wide);
    tf.dispose([x, wide]);
    m.dispose();
  });

  it('refuses a model that applies a block twice', async () => {
    const block = neuralOde({ f: layers.dense({ units: 2 }), ...ode });
    const x = input({ shape: [2] });
    const m = model({ inputs: x, outputs: block.apply(block.apply(x)) as SymbolicTensor });
    const zeros = tf.zeros([1, 2]);
    await expect(plan(m, zeros)).rejects.toThrow(/more than once/);
    zeros.dispose();
    m.dispose();
  });

  it('refuses a model whose calls are not alike, and wrong inputs', async () => {
    const random = sequential({ layers: [layers.dropout({ rate: 0.5, inputShape: [2] })] });
    const x = tf.zeros([1, 2]);
    await expect(plan(random, x)).rejects.toThrow(/\(Dropout\), which is random/);
    const m = makeModel();
    await expect(plan(m, [x, x])).rejects.toThrow(/takes 1 inputs and was given 2/);
    x.dispose();
    m.dispose();
  });
});
