import * as tf from '@tensorflow/tfjs-core';
import { type Gradient, hasKernel, sumTo, zeroLike } from './gradient.ts';

/**
 * A matrix of at least this size is transposed before a product by tfjs's own kernel of wasm, which is fast only for
 * untransposed operands (measured: 2 against 30 GFLOP/s); a smaller one is not worth another operation.
 */
const worthTransposing = 1024;

function swapLast(x: tf.Tensor): tf.Tensor {
  const order = x.shape.map((_, n) => n);
  return tf.transpose(x, [...order.slice(0, -2), x.rank - 1, x.rank - 2]);
}

function product(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor {
  // Where the backend was completed with this kernel, which tfjs lacks, that of products was replaced as well.
  const byHand = tf.getBackend() === 'wasm' && !hasKernel('Conv2DBackpropFilter');
  const swapA = byHand && transposeA && a.size >= worthTransposing;
  const swapB = byHand && transposeB && b.size >= worthTransposing;
  return tf.matMul(swapA ? swapLast(a) : a, swapB ? swapLast(b) : b, transposeA && !swapA, transposeB && !swapB);
}

/** Matrix products, their batch axes broadcast or not. */
export const matMul: Gradient = {
  kernelName: 'BatchMatMul',
  replaces: true,
  inputsToSave: ['a', 'b'],
  gradFunc(dy: tf.Tensor, saved, { transposeA, transposeB }) {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    // On wasm a product over no rows is whatever was in memory.
    if (dy.size === 0) return { a: () => zeroLike(a), b: () => zeroLike(b) };
    return {
      a: () => sumTo(transposeA ? product(b, dy, transposeB, true) : product(dy, b, false, !transposeB), a.shape),
      b: () => sumTo(transposeB ? product(dy, a, true, transposeA) : product(a, dy, !transposeA, false), b.shape),
    };
  },
};
