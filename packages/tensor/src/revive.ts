import type * as tf from '@tensorflow/tfjs-core';

/**
 * Runs `f` while tensors that may have been disposed since are alive again, with the data of their saved clones: a
 * function of the user's reads its own tensors, and tfjs disposes the intermediate ones of a loss before the backward
 * pass begins.
 */
export function revived<T>(tensors: readonly tf.Tensor[], saved: readonly tf.Tensor[], f: () => T): T {
  const undo: (() => void)[] = [];
  tensors.forEach((tensor, n) => {
    if (!tensor.isDisposed) return;
    const inside = tensor as unknown as { dataId: object; isDisposedInternal: boolean };
    const { dataId } = inside;
    Object.assign(inside, { dataId: (saved[n] as tf.Tensor).dataId, isDisposedInternal: false });
    undo.push(() => Object.assign(inside, { dataId, isDisposedInternal: true }));
  });
  try {
    return f();
  } finally {
    for (const back of undo) back();
  }
}
