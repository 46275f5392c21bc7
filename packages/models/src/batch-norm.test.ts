import '@neural-ode/backend-cpu/register';
import '@neural-ode/backend-wasm/register';
import '@neural-ode/gradient-adjoint/register';
import '@neural-ode/gradient-naive/register';
import { useBackend } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { backends } from './fixtures/backends.ts';
import { type BatchNorm, batchNorm, neuralOde, plan } from './index.ts';

type Matrix = number[][];

/** Mean and mean squared deviation of each column. */
function columnMoments(z: Matrix): { mean: number[]; variance: number[] } {
  const columns = (z[0] as number[]).map((_, c) => z.map((row) => row[c] as number));
  const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const mean = columns.map(average);
  return { mean, variance: columns.map((column, c) => average(column.map((v) => (v - (mean[c] as number)) ** 2))) };
}

function times(y: Matrix, w: Matrix): Matrix {
  return y.map((row) =>
    (w[0] as number[]).map((_, c) => row.reduce((s, v, k) => s + v * ((w[k] as number[])[c] as number), 0)),
  );
}

/** The field tanh(BN(y w)) while training. */
function slope(y: Matrix, w: Matrix): Matrix {
  const z = times(y, w);
  const { mean, variance } = columnMoments(z);
  return z.map((row) =>
    row.map((v, c) => Math.tanh((v - (mean[c] as number)) / Math.sqrt((variance[c] as number) + 1e-5))),
  );
}

function plus(y: Matrix, h: number, ...slopes: Matrix[]): Matrix {
  return y.map((row, r) =>
    row.map((v, c) => v + h * slopes.reduce((s, k) => s + ((k[r] as number[])[c] as number), 0)),
  );
}

/** The running statistics, kept to 0.9, after one update at the start of each of these steps of Heun's method. */
function runningAfter(mesh: readonly number[], y0: Matrix, w: Matrix): { mean: number[]; variance: number[] } {
  let y = y0;
  let running = { mean: [0, 0], variance: [1, 1] };
  for (let n = 0; n + 1 < mesh.length; n++) {
    const { mean, variance } = columnMoments(times(y, w));
    running = {
      mean: running.mean.map((old, c) => 0.9 * old + 0.1 * (mean[c] as number)),
      variance: running.variance.map(
        (old, c) => 0.9 * old + 0.1 * (variance[c] as number) * (y.length / (y.length - 1)),
      ),
    };
    const h = (mesh[n + 1] as number) - (mesh[n] as number);
    const k = slope(y, w);
    y = plus(y, h / 2, k, slope(plus(y, h, k), w));
  }
  return running;
}

const y0: Matrix = [
  [1, -0.5],
  [0.2, 0.8],
  [-1.5, 0.3],
];

function makeBlock(gradient: 'aca' | 'naive' | 'direct' | 'adjoint' = 'aca') {
  const norm = batchNorm();
  const kernelInitializer = initializers.randomUniform({ minval: -1, maxval: 1, seed: 3 });
  const f = [
    layers.dense({ units: 2, useBias: false, kernelInitializer }),
    norm,
    layers.activation({ activation: 'tanh' }),
  ];
  // The first trial is too large.
  const block = neuralOde({ f, solver: 'heunEuler', gradient, rtol: 1e-3, atol: 1e-3, firstStep: 1, inputShape: [2] });
  return { model: sequential({ layers: [block] }), block, norm };
}

function running(norm: BatchNorm): number[] {
  return norm.nonTrainableWeights.flatMap((weight) => [...weight.read().dataSync()]);
}

describe.each(backends)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  /** Expects the running statistics that the block's latest solve should have left. */
  function expectUpdated({ block, norm }: ReturnType<typeof makeBlock>): void {
    const { mesh = [], rejected } = block.latest ?? {};
    expect(rejected).toBeGreaterThan(0);
    expect(mesh.length).toBeGreaterThan(4);
    const w = (block.field[0] as layers.Layer).getWeights()[0]?.arraySync() as Matrix;
    const due = runningAfter(mesh, y0, w);
    for (const [n, value] of running(norm).entries())
      expect(value).toBeCloseTo([...due.mean, ...due.variance][n] as number, 5);
  }

  it.each(['aca', 'naive', 'direct', 'adjoint'] as const)(
    'running statistics count each accepted step once, and nothing else, in a gradient by %s',
    (gradient) => {
      const made = makeBlock(gradient);
      tf.tidy(() => {
        const loss = () => tf.sum(tf.square(made.model.apply(tf.tensor2d(y0), { training: true }) as tf.Tensor));
        tf.variableGrads(
          loss as () => tf.Scalar,
          made.model.trainableWeights.map((weight) => weight.read() as tf.Variable),
        );
      });
      expectUpdated(made);
      made.model.dispose();
    },
  );

  it('running statistics count each accepted step once without a gradient too', () => {
    const made = makeBlock();
    tf.tidy(() => made.model.apply(tf.tensor2d(y0), { training: true }) as tf.Tensor);
    expectUpdated(made);
    made.model.dispose();
  });

  it('a plan, an observed call, and one that is not of training leave the running statistics as they are', async () => {
    const { model, norm } = makeBlock();
    const before = running(norm);
    const x = tf.tensor2d(y0);
    await plan(model, x, { training: true });
    tf.dispose(model.apply(x, { training: true, observe() {} }) as tf.Tensor);
    tf.dispose(model.apply(x) as tf.Tensor);
    expect(running(norm)).toEqual(before);
    await plan(model, x, { training: true });
    tf.dispose(model.apply(x, { training: true }) as tf.Tensor);
    expect(running(norm)).not.toEqual(before);
    x.dispose();
    model.dispose();
  });

  it('outside of a block normalises by the batch and updates at each call of training, else by running statistics', () => {
    const norm = batchNorm();
    tf.tidy(() => {
      const x = tf.tensor2d(y0);
      const { mean, variance } = columnMoments(y0);
      const trained = norm.apply(x, { training: true }) as tf.Tensor2D;
      const expected = y0.map((row) =>
        row.map((v, c) => (v - (mean[c] as number)) / Math.sqrt((variance[c] as number) + 1e-5)),
      );
      expect(trained.arraySync().flat()).toEqual(expected.flat().map((v) => expect.closeTo(v, 5)));
      const due = [...mean.map((m) => 0.1 * m), ...variance.map((v) => 0.9 + 0.15 * v)];
      expect(running(norm)).toEqual(due.map((v) => expect.closeTo(v, 5)));

      const tested = norm.apply(x) as tf.Tensor2D;
      const [m0, m1, v0, v1] = due as [number, number, number, number];
      const row = y0[0] as [number, number];
      expect(tested.arraySync()[0]).toEqual([
        expect.closeTo((row[0] - m0) / Math.sqrt(v0 + 1e-5), 5),
        expect.closeTo((row[1] - m1) / Math.sqrt(v1 + 1e-5), 5),
      ]);
    });
    norm.dispose();
  });

  it('refuses a batch of one value a channel, and options out of range', () => {
    const norm = batchNorm();
    const one = tf.tensor2d([[1, 2]]);
    expect(() => norm.apply(one, { training: true })).toThrow(/one value a channel/);
    one.dispose();
    norm.dispose();
    expect(() => batchNorm({ momentum: 1 })).toThrow(/momentum is 1: give/);
    expect(() => batchNorm({ momentun: 0.5 } as never)).toThrow(/did you mean 'momentum'/);
  });
});
