// What must hold on a GPU wherever there is WebGPU: plan, replay and differentiate, and compare with known numbers.
import '@neural-ode/backend-webgpu/register';
import * as tf from '@tensorflow/tfjs-core';
import { odeint, planMesh, useBackend } from 'neural-ode';
import { mlp } from '../golden/golden.mjs';

const hidden = 8;

function field(_t, y, p) {
  const [w1, b1, w2, b2] = tf.split(p, [2 * hidden, hidden, 2 * hidden, 2]);
  const inner = tf.tanh(tf.add(tf.matMul(tf.reshape(y, [1, 2]), tf.reshape(w1, [2, hidden])), b1));
  return tf.reshape(tf.add(tf.matMul(inner, tf.reshape(w2, [hidden, 2])), b2), [2]);
}

function expectNear(what, actual, expected) {
  const largest = Math.max(...expected.map(Math.abs));
  const error = Math.max(...expected.map((value, n) => Math.abs(actual[n] - value))) / largest;
  if (!(actual.length === expected.length && error < 1e-4)) {
    throw new Error(`${what} is [${Array.from(actual)}], [${expected}] is due: off by ${error}`);
  }
}

/** Runs it, and tells the device. */
export async function run() {
  const { device } = await useBackend('webgpu', { cpuForward: false });
  const { y0, t1, parameters, end, parametersBar } = mlp;
  const [y, p] = [tf.tensor1d(y0), tf.tensor1d(parameters)];
  const before = tf.memory().numTensors;
  const options = { rtol: 1e-4, atol: 1e-6 };
  const mesh = await planMesh(field, y, [0, t1], { ...options, args: p });
  const loss = (args) => {
    const ys = odeint(field, y, [0, t1], { ...options, args, mesh, gradient: 'aca' });
    return tf.sum(tf.mul(tf.slice(ys, [1, 0], [1, 2]), tf.tensor1d([1, 2])));
  };
  const { value, grad } = tf.valueAndGrad(loss)(p);
  expectNear('the loss', await value.data(), [end[0] + 2 * end[1]]);
  expectNear('the gradient', await grad.data(), parametersBar);
  tf.dispose([value, grad]);
  const left = tf.memory().numTensors - before;
  if (left !== 0) throw new Error(`${left} tensors are left`);
  return device;
}
