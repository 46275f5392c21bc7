import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Runs `f` on the cpu backend in double precision, and makes the current backend the current one again.
 *
 * The kernels of the cpu backend are plain JavaScript that computes in doubles and rounds where it stores into a new
 * Float32Array. While `f` runs, which must not wait, that name stands for Float64Array.
 */
export async function inDoubles<T>(f: () => T): Promise<T> {
  const backend = tf.getBackend();
  await tf.setBackend('cpu');
  const single = globalThis.Float32Array;
  const { platform } = tf.env();
  const isTypedArray = platform.isTypedArray.bind(platform);
  globalThis.Float32Array = Float64Array as unknown as Float32ArrayConstructor;
  platform.isTypedArray = (value): value is Float32Array => value instanceof Float64Array || isTypedArray(value);
  try {
    return f();
  } finally {
    globalThis.Float32Array = single;
    platform.isTypedArray = isTypedArray;
    await tf.setBackend(backend);
  }
}
