import '@neural-ode/backend-cpu/register';
import '@neural-ode/backend-wasm/register';
import { useBackend } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, type LayerVariable, layers } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { backends } from './fixtures/backends.ts';
import { groupNorm, neuralOde } from './index.ts';

describe.each(backends)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it('normalises neighbouring channels of each sample over all places', () => {
    const norm = groupNorm({ groups: 2 });
    tf.tidy(() => {
      const x = tf.randomNormal<tf.Rank.R4>([2, 3, 2, 4], 1, 2, 'float32', 8);
      const values = x.arraySync();
      const groups = (images: typeof values) =>
        images.flatMap((image) =>
          [0, 2].map((c) => image.flatMap((row) => row.flatMap((place) => place.slice(c, c + 2)))),
        );
      const due = groups(values).map((group) => {
        const mean = group.reduce((sum, v) => sum + v, 0) / group.length;
        const variance = group.reduce((sum, v) => sum + (v - mean) ** 2, 0) / group.length;
        return group.map((v) => expect.closeTo((v - mean) / Math.sqrt(variance + 1e-5), 4));
      });
      expect(groups((norm.apply(x) as tf.Tensor4D).arraySync())).toEqual(due);
    });
    norm.dispose();
  });

  it('is differentiated inside a block, to its scale and offset too', () => {
    const norm = groupNorm({ groups: 1 });
    const block = neuralOde({
      f: [layers.dense({ units: 2, kernelInitializer: initializers.identity({ gain: 1 }) }), norm],
      solver: 'heunEuler',
      stepSize: 0.5,
    });
    tf.tidy(() => {
      const x = tf.tensor2d([[1, -0.5]]);
      const loss = () => tf.sum(tf.square(block.apply(x) as tf.Tensor)) as tf.Scalar;
      loss();
      const { grads } = tf.variableGrads(loss);
      const [, , scale, offset] = block.trainableWeights;
      for (const weight of [scale, offset] as LayerVariable[]) {
        const value = weight.read().arraySync() as number[];
        const at = (h: number) => {
          weight.write(tf.add(value, [h, 0]));
          return loss().dataSync()[0] as number;
        };
        const slope = (at(1e-2) - at(-1e-2)) / 2e-2;
        at(0);
        expect(slope).not.toBe(0);
        expect(grads[weight.name]?.dataSync()[0]).toBeCloseTo(slope, 2);
      }
    });
    block.dispose();
  });

  it('refuses groups that do not divide the channels', () => {
    expect(() => groupNorm({ groups: 2 }).build([null, 3])).toThrow(/3 channels .* do not divide into 2 groups/);
    expect(() => groupNorm({ groups: 0 })).toThrow(/groups is 0/);
  });
});
