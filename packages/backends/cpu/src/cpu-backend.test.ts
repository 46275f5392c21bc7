import { BackendError, type BackendPart, useBackend } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';
import './register.ts';
import { cpuBackend } from './index.ts';

const broken: BackendPart = {
  name: 'broken',
  priority: 100,
  probe: async () => undefined,
  start: async () => {
    throw new Error('no driver');
  },
};
const absent: BackendPart = { ...broken, name: 'absent', probe: async () => 'no GPU here' };

test('lists why each candidate did not start', async () => {
  const error = await useBackend([broken, absent]).catch((e) => e);
  expect(error).toBeInstanceOf(BackendError);
  expect(error.reasons).toEqual({ broken: 'no driver', absent: 'no GPU here' });
  expect(error.message).toContain('\n- broken: no driver\n- absent: no GPU here');
});

test('starts without a word on the console', async () => {
  const warn = vi.spyOn(console, 'warn');
  for (const which of ['cpu', 'auto', cpuBackend, [broken, 'cpu']] as const) {
    expect(await useBackend(which)).toMatchObject({
      name: 'cpu',
      device: 'CPU',
      precision: 'float32',
      simd: false,
      relaxedSimd: false,
      threads: 1,
    });
  }
  expect([...tf.tidy(() => tf.add(1, 2).dataSync())]).toEqual([3]);
  expect(warn).not.toHaveBeenCalled();
});

test.each(['wasm', 'webgpu', 'tensorflow'])('says which package brings %s', async (name) => {
  const home = name === 'tensorflow' ? 'node' : name;
  await expect(useBackend(name as never)).rejects.toThrow(
    `The backend '${name}' is not registered: import '@neural-ode/backend-${home}/register'.`,
  );
});

test('keeps the running backend when another does not start', async () => {
  await useBackend('cpu');
  await expect(useBackend(broken)).rejects.toThrow(BackendError);
  expect(tf.getBackend()).toBe('cpu');
});

test('gradients are complete', async () => {
  await useBackend('cpu');
  expect(
    tf
      .grad((x) => tf.sum(tf.tanh(x)))(tf.scalar(0))
      .dataSync()[0],
  ).toBe(1);
});

test('an unknown name lists the nearest', async () => {
  // @ts-expect-error the name is not registered
  await expect(useBackend('cpi')).rejects.toThrow(/did you mean 'cpu'/);
});
