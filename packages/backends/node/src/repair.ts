import * as tf from '@tensorflow/tfjs-core';

export type Kernel = tf.KernelFunc;
export type Call = Parameters<Kernel>[0];

/** What a kernel gives in place of tfjs-node's own, within a tidy; undefined where that one is right. */
export type Repair = (call: Call, stock: Kernel) => tf.Tensor | undefined;

/** Puts repaired kernels in the place of tfjs-node's; again it does nothing. */
export function replaceKernels(repairs: Readonly<Record<string, Repair>>): void {
  for (const [kernelName, repair] of Object.entries(repairs)) {
    const stock = tf.getKernel(kernelName, 'tensorflow');
    if (!stock || replaced.has(stock)) continue;
    const { kernelFunc } = stock;
    const config: tf.KernelConfig = {
      ...stock,
      kernelFunc: (call) => tf.tidy(() => repair(call, kernelFunc) ?? made(kernelFunc(call))),
    };
    tf.unregisterKernel(kernelName, 'tensorflow');
    tf.registerKernel(config);
    replaced.add(config);
  }
}

const replaced = new Set<tf.KernelConfig>();

/** What a kernel returns, as a tensor that the enclosing tidy disposes. */
export function made(result: tf.TensorInfo | tf.TensorInfo[]): tf.Tensor {
  const info = result as tf.TensorInfo;
  // Not by instanceof, which takes either for a tensor.
  return (info as Partial<tf.Tensor>).rank === undefined
    ? tf.engine().makeTensorFromTensorInfo(info)
    : (info as tf.Tensor);
}
