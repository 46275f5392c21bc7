import '@neural-ode/backend-cpu/register';
import '@neural-ode/backend-wasm/register';
import '@neural-ode/gradient-naive/register';
import { registered } from '@neural-ode/core';
import { euler, rk4 } from '@neural-ode/solvers';
import { useBackend } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, type LayersModel, layers, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { backends } from './fixtures/backends.ts';
import { batchNorm, neuralOde, type OdeBlock, type OdeBlockOptions, odeBlocks } from './index.ts';

const seeded = (seed: number) => initializers.randomUniform({ minval: -0.8, maxval: 0.8, seed });

/** A field of two layers with batch normalisation between them. */
function makeField(channels = 2, inputs = channels) {
  return [
    layers.dense({ units: 3, kernelInitializer: seeded(1), activation: 'tanh', name: 'hidden', inputShape: [inputs] }),
    batchNorm({ name: 'norm', momentum: 0.8 }),
    layers.dense({ units: channels, kernelInitializer: seeded(2), name: 'slope' }),
  ];
}

function makeModel(options: Partial<OdeBlockOptions> = {}): LayersModel {
  return sequential({
    layers: [
      neuralOde({ f: makeField(), name: 'ode', inputShape: [2], ...options }),
      layers.dense({ units: 1, kernelInitializer: seeded(4) }),
    ],
  });
}

async function saved(model: LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (given) => {
      // As a file would hold it.
      artifacts = { ...given, modelTopology: JSON.parse(JSON.stringify(given.modelTopology)) };
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    }),
  );
  return artifacts as tf.io.ModelArtifacts;
}

async function reloaded(model: LayersModel): Promise<LayersModel> {
  return loadLayersModel(tf.io.fromMemory(await saved(model)));
}

function variables(model: LayersModel): tf.Variable[] {
  return model.trainableWeights.map((weight) => weight.read() as tf.Variable);
}

const numbers = [
  [1, -0.5],
  [0.2, 0.8],
  [-1.5, 0.3],
  [0.7, 0.1],
];

describe.each(backends)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it('solves linear decay to its tolerance, at one time and at many', () => {
    tf.tidy(() => {
      const decay = () =>
        layers.dense({ units: 1, useBias: false, kernelInitializer: initializers.constant({ value: -2 }) });
      const x = tf.tensor2d([[1], [3]]);
      const end = neuralOde({ f: decay() }).apply(x) as tf.Tensor2D;
      expect(end.arraySync().flat()).toEqual([Math.exp(-2), 3 * Math.exp(-2)].map((y) => expect.closeTo(y, 4)));
      const all = neuralOde({ f: decay(), times: [0, 0.5, 2] }).apply(x) as tf.Tensor3D;
      expect(all.shape).toEqual([2, 3, 1]);
      const due = [1, Math.exp(-1), Math.exp(-4)];
      expect(all.arraySync().flat(2)).toEqual([...due, ...due.map((y) => 3 * y)].map((y) => expect.closeTo(y, 4)));
      const back = neuralOde({ f: decay(), t0: 1, t1: 0 }).apply(x) as tf.Tensor2D;
      expect(back.arraySync().flat()).toEqual([Math.exp(2), 3 * Math.exp(2)].map((y) => expect.closeTo(y, 3)));
    });
  });

  it('gives f the time as a channel', () => {
    tf.tidy(() => {
      // y' = t
      const f = layers.dense({ units: 1, weights: [tf.tensor2d([[0], [1]]), tf.tensor1d([0])], inputShape: [2] });
      const y = neuralOde({ f, time: true, t0: 1, t1: 3 }).apply(tf.tensor2d([[1], [2]])) as tf.Tensor2D;
      expect(y.arraySync().flat()).toEqual([5, 6].map((v) => expect.closeTo(v, 4)));
    });
  });

  it("has the gradient of the same steps on tfjs's own tape", () => {
    const model = makeModel({ solver: 'heunEuler', rtol: 1e-2, atol: 1e-2 });
    const [block, last] = model.layers as [OdeBlock, layers.Layer];
    tf.tidy(() => {
      const x = tf.tensor2d(numbers);
      const loss = (y: tf.Tensor) => tf.mean(tf.square(y)) as tf.Scalar;
      const { value, grads } = tf.variableGrads(
        () => loss(model.apply(x, { training: true }) as tf.Tensor),
        variables(model),
      );
      const { mesh = [] } = block.latest ?? {};
      expect(mesh.length).toBeGreaterThan(2);

      const f = (y: tf.Tensor) =>
        block.field.reduce((z, layer) => layer.apply(z, { training: true, observe() {} }) as tf.Tensor, y);
      const unrolled = () => {
        let y: tf.Tensor = x;
        for (let n = 0; n + 1 < mesh.length; n++) {
          const h = (mesh[n + 1] as number) - (mesh[n] as number);
          const k = f(y);
          y = tf.add(y, tf.mul(tf.add(k, f(tf.add(y, tf.mul(k, h)))), h / 2));
        }
        return loss(last.apply(y) as tf.Tensor);
      };
      const truth = tf.variableGrads(unrolled, variables(model));
      expect(value.dataSync()[0]).toBeCloseTo(truth.value.dataSync()[0] as number, 5);
      expect(Object.keys(grads).length).toBe(8);
      for (const [name, gradient] of Object.entries(grads)) {
        const due = (truth.grads[name] as tf.Tensor).dataSync();
        for (const [n, g] of gradient.dataSync().entries()) expect(g).toBeCloseTo(due[n] as number, 5);
      }
    });
    model.dispose();
  });

  it('is trained by model.fit, which leaves no tensor', async () => {
    const model = makeModel({ solver: 'bosh3', rtol: 1e-2, atol: 1e-2 });
    model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
    const x = tf.tensor2d(numbers);
    const y = tf.tensor2d([[1], [0], [-1], [0.5]]);
    const fit = () => model.fit(x, y, { epochs: 4, verbose: 0, shuffle: false, yieldEvery: 'never' });
    await fit();
    const before = tf.memory().numTensors;
    const { history } = await fit();
    expect(tf.memory().numTensors).toBe(before);
    const losses = history.loss as number[];
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
    tf.dispose([x, y]);
    model.dispose();
  });

  it('returns the same after it was saved and loaded', async () => {
    const model = makeModel({ solver: rk4, gradient: 'direct', stepSize: 0.25, t0: 0.5, t1: 2 });
    const x = tf.tensor2d(numbers);
    tf.tidy(() => model.apply(x, { training: true }) as tf.Tensor);
    const loaded = await reloaded(model);
    const [before, after] = [model, loaded].map((one) => tf.tidy(() => (one.apply(x) as tf.Tensor).dataSync()));
    expect(after).toEqual(before);
    const [block] = odeBlocks(loaded);
    expect(block?.getConfig()).toEqual(odeBlocks(model)[0]?.getConfig());
    expect(block?.getConfig()).toMatchObject({ solver: 'rk4', gradient: 'direct', stepSize: 0.25, t0: 0.5, t1: 2 });
    x.dispose();
    for (const one of [model, loaded]) one.dispose();
  });

  it('solves by other means when it is configured anew, and by defaults again', () => {
    const model = makeModel({ solver: 'heunEuler', rtol: 1e-2, atol: 1e-2 });
    const [block] = odeBlocks(model) as [OdeBlock];
    const x = tf.tensor2d(numbers);
    const ends = () => tf.tidy(() => (model.apply(x) as tf.Tensor).dataSync());
    const coarse = ends();
    block.configure({ solver: 'rk4', stepSize: 0.1 });
    const fine = ends();
    expect(block.latest).toMatchObject({ accepted: 10, rejected: 0, evaluations: 40 });
    block.configure({ solver: undefined, stepSize: undefined, rtol: 1e-6, atol: 1e-6 });
    const finest = ends();
    for (const [n, value] of finest.entries()) {
      expect(fine[n]).toBeCloseTo(value, 4);
      expect(coarse[n]).toBeCloseTo(value, 1);
    }
    expect(coarse).not.toEqual(finest);
    x.dispose();
    model.dispose();
  });

  it('leaves no tensor when a solve fails', () => {
    const model = makeModel({ solver: 'bosh3', maxSteps: 1, firstStep: 0.01 });
    const x = tf.tensor2d(numbers);
    const loss = () => tf.mean(model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar;
    const before = tf.memory().numTensors;
    expect(() => tf.variableGrads(loss, variables(model))).toThrow(/did not reach/);
    expect(() => model.apply(x)).toThrow(/did not reach/);
    expect(tf.memory().numTensors).toBe(before);
    x.dispose();
    model.dispose();
  });

  it('does not train weights that are frozen', () => {
    const model = makeModel({ trainable: false });
    expect(model.trainableWeights.length).toBe(2);
    tf.tidy(() => {
      const x = tf.tensor2d(numbers);
      const loss = () => tf.mean(model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar;
      expect(Object.keys(tf.variableGrads(loss).grads).length).toBe(2);
    });
    model.dispose();
  });
});

describe('names', () => {
  beforeAll(async () => {
    await useBackend('cpu');
  });

  it('of all solvers survive in a saved model', () => {
    for (const solver of registered('solver')) {
      const model = makeModel({ solver: solver as 'rk4', stepSize: 1 });
      const topology = JSON.stringify(model.toJSON(null, false));
      const snake = solver.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      expect(topology).toContain(`"solver":"${snake}"`);
      model.dispose();
    }
  });

  it('of parts that are not registered are asked for when the model is saved', () => {
    const model = makeModel({ solver: { ...euler, name: 'mine' }, stepSize: 1 });
    expect(() => model.toJSON()).toThrow(/registered under no name/);
    model.dispose();
  });
});

describe('refuses', () => {
  const dense = () => layers.dense({ units: 2 });
  const cases: Record<string, [() => unknown, RegExp]> = {
    'no field': [() => neuralOde({ f: [] }), /is no layer/],
    'a function for a field': [() => neuralOde({ f: (() => 0) as never }), /is no layer/],
    'an unknown option': [() => neuralOde({ f: dense(), method: 'rk4' } as never), /did you mean 'solver'/],
    'an unknown solver': [() => neuralOde({ f: dense(), solver: 'dopri' as never }), /did you mean 'dopri5'/],
    'times beside t1': [() => neuralOde({ f: dense(), t1: 2, times: [0, 1] }), /Both times and t0 or t1/],
    'one time': [() => neuralOde({ f: dense(), times: [0] }), /holds one time/],
    'an empty span': [() => neuralOde({ f: dense(), t0: 1 }), /not strictly monotonic/],
    'batch normalisation of tfjs': [() => neuralOde({ f: layers.batchNormalization() }), /take batchNorm of/],
    'dropout within a model': [
      () => neuralOde({ f: sequential({ layers: [layers.dropout({ rate: 0.5, inputShape: [2] })] }) }),
      /\(Dropout\), which is random/,
    ],
    'a slope of another shape': [() => neuralOde({ f: layers.dense({ units: 3 }) }).build([null, 2]), /to \[,3\]/],
  };
  beforeAll(async () => {
    await useBackend('cpu');
  });
  it.each(Object.entries(cases))('%s', (_, [call, message]) => expect(call).toThrow(message));
});
