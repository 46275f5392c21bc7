import '@neural-ode/backend-cpu/register';
import { describeBackend, useBackend } from '@neural-ode/tensor';
import { relativeError } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import { odeint, odeintAsync, planMesh } from 'neural-ode';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import './register.ts';
import { missing } from './fixtures/gpu.ts';

const rotation = [-0.1, 2, -2, -0.1];
const start = [2, 0, 0, 1, 1, 1];
const ts = [0, 0.3, 0.6];
const steps = { solver: 'bosh3', rtol: 1e-3, atol: 1e-4 } as const;

/** A field that reads a variable. */
const cubic = (weight: tf.Variable) => (_t: tf.Scalar, y: tf.Tensor) =>
  tf.matMul(tf.mul(y, tf.square(y)), weight as tf.Tensor);

const makeWeight = () => tf.tidy(() => tf.variable(tf.tensor2d(rotation, [2, 2])));
const makeStart = () => tf.tensor2d(start, [3, 2]);

/** What the backend cpu finds, whose steps are those of `mesh`. */
async function onCpu(mesh: { readonly ts: readonly number[] }): Promise<{ ys: number[]; gradient: number[] }> {
  await useBackend('cpu');
  const [weight, y0] = [makeWeight(), makeStart()];
  const loss = () => {
    const ys = odeint(cubic(weight), y0, ts, { ...steps, mesh, gradient: 'aca', states: 'tensors' });
    return tf.sum(tf.square(ys)) as tf.Scalar;
  };
  const { value, grads } = tf.variableGrads(loss);
  const ys = odeint(cubic(weight), y0, ts, { ...steps, mesh });
  const found = { ys: [...ys.dataSync()], gradient: [...(grads[weight.name] as tf.Tensor).dataSync()] };
  tf.dispose([weight, y0, value, grads, ys]);
  return found;
}

describe.skipIf(missing !== undefined)(`on a GPU${missing === undefined ? '' : `: not here, ${missing}`}`, () => {
  const warn = vi.fn();
  beforeAll(async () => {
    await useBackend('webgpu', { cpuForward: false, warn });
  });
  afterEach(async () => {
    await useBackend('webgpu', { cpuForward: false });
  });

  test('says what it runs on, and warns of a program that imitates a GPU', () => {
    const { name, device, software, precision, memory } = describeBackend();
    expect([name, precision]).toEqual(['webgpu', 'float32']);
    expect(device).toMatch(/\w/);
    expect(memory).toBeGreaterThanOrEqual(0);
    expect(warn.mock.calls.flat().join()).toEqual(software ? expect.stringContaining(device as string) : '');
  });

  test('computes there, small tensors too', async () => {
    const x = tf.tensor1d([1, 2, 3]);
    const y = tf.add(x, x);
    expect(describeBackend().memory).toBeGreaterThan(0);
    expect([...(await y.data())]).toEqual([2, 4, 6]);
    tf.dispose([x, y]);
  });

  test('plans, replays and differentiates without reading a number at once, as cpu does', async () => {
    const before = tf.memory().numTensors;
    const [weight, y0] = [makeWeight(), makeStart()];
    const readSync = vi.spyOn(tf.backend(), 'readSync');
    const mesh = await planMesh(cubic(weight), y0, ts, steps);
    const planned = await odeintAsync(cubic(weight), y0, ts, steps);
    const replayed = odeint(cubic(weight), y0, ts, { ...steps, mesh });
    const loss = () =>
      tf.sum(tf.square(odeint(cubic(weight), y0, ts, { ...steps, mesh, gradient: 'aca' }))) as tf.Scalar;
    const { value, grads } = tf.variableGrads(loss);
    expect(readSync).not.toHaveBeenCalled();
    const [ys, again, gradient] = await Promise.all(
      [planned, replayed, grads[weight.name] as tf.Tensor].map((tensor) => tensor.data()),
    );
    tf.dispose([weight, y0, planned, replayed, value, grads]);
    expect(tf.memory().numTensors).toBe(before);

    const expected = await onCpu(mesh);
    expect(mesh.ts.length).toBeGreaterThan(4);
    expect(relativeError(ys as Float32Array, expected.ys)).toBeLessThan(1e-5);
    expect(relativeError(again as Float32Array, expected.ys)).toBeLessThan(1e-5);
    expect(relativeError(gradient as Float32Array, expected.gradient)).toBeLessThan(1e-4);
  });

  test('does what the README shows, by naive too', async () => {
    const rate = tf.tidy(() => tf.variable(tf.scalar(-1)));
    const decay = (_t: tf.Scalar, y: tf.Tensor) => tf.mul(rate as tf.Tensor, y);
    const y0 = tf.ones([64, 9]);
    const mesh = await planMesh(decay, y0, [0, 1], { solver: 'dopri5' });
    for (const gradient of ['aca', 'naive'] as const) {
      const loss = () => tf.mean(odeint(decay, y0, [0, 1], { mesh, gradient })) as tf.Scalar;
      const { value, grads } = tf.variableGrads(loss);
      expect((await (grads[rate.name] as tf.Tensor).data())[0]).toBeCloseTo(Math.exp(-1) / 2, 5);
      tf.dispose([value, grads]);
    }
    tf.dispose([rate, y0]);
  });

  test('tells what to do where a number is needed at once', async () => {
    const [weight, y0] = [makeWeight(), makeStart()];
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const before = tf.memory().numTensors;
    expect(() => odeint(cubic(weight), y0, ts, steps)).toThrow(/does not give a tensor's numbers at once.*planMesh/);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([weight, y0]);
  });
});
