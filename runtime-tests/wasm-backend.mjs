// What the wasm backend must do in every runtime: find its binaries, in one thread and in two.
import { wasmBackend } from '@neural-ode/backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { odeint, useBackend } from 'neural-ode';

/** In one thread, and in two; these stay, since they may keep no process alive. */
export async function wasmInThreads() {
  const missing = await useBackend(wasmBackend, { wasmPaths: '/nowhere' }).catch((error) => error.message);
  if (!missing.includes('/nowhere/tfjs-backend-wasm-simd.wasm cannot be read')) throw new Error(`no file: ${missing}`);
  const one = await useBackend(wasmBackend);
  if (one.name !== 'wasm' || one.simd !== true || one.threads !== 1) throw new Error(`started ${JSON.stringify(one)}`);
  const expected = results();
  const refused = await useBackend(wasmBackend, { threads: 2 }).catch((error) => error.message);
  if (!refused.includes('threads: 1 already')) throw new Error(`two threads after one: ${refused}`);
  tf.removeBackend('wasm');
  if (typeof SharedArrayBuffer === 'undefined') {
    const alone = await useBackend(wasmBackend, { threads: 2 }).catch((error) => error.message);
    if (!alone.includes('SharedArrayBuffer')) throw new Error(`threads without shared memory: ${alone}`);
    return;
  }
  const { threads } = await useBackend(wasmBackend, { threads: 2 });
  if (threads !== 2) throw new Error(`started ${threads} threads in place of two`);
  for (let times = 0; times < 20; times++) {
    for (const [n, value] of results().entries()) {
      if (!(Math.abs(value - expected[n]) <= 1e-5 * Math.abs(expected[n])))
        throw new Error(`result ${n} is ${value} in two threads, ${expected[n]} in one`);
    }
  }
}

/** A product, a convolution and a solve with its gradient. */
function results() {
  return tf.tidy(() => {
    const waves = (...shape) => tf.add(1.5, tf.reshape(tf.sin(tf.range(0, tf.util.sizeFromShape(shape))), shape));
    const square = waves(100, 100);
    const product = tf.sum(tf.matMul(square, square));
    const image = tf.sum(tf.conv2d(waves(2, 20, 20, 8), waves(3, 3, 8, 16), 1, 'same'));
    const loss = (w) =>
      tf.sum(odeint((_t, y) => tf.matMul(tf.tanh(y), w), waves(16, 16), [0, 0.1], { states: 'tensors' }));
    const { value, grad } = tf.valueAndGrad(loss)(tf.mul(0.1, waves(16, 16)));
    return [product, image, value, tf.sum(grad)].map((result) => result.dataSync()[0]);
  });
}
