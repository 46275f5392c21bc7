import * as tf from '@tensorflow/tfjs-core';

/**
 * Replaces the kernels of tfjs that are wrong on webgpu: sums and products from the end on are computed by a shader that
 * was compiled for the first length met. Here they are those from the start on of the reversed tensor.
 */
export function repairKernels(): void {
  for (const kernelName of ['Cumsum', 'Cumprod']) {
    const kernel = tf.getKernel(kernelName, 'webgpu');
    if (!kernel || repaired.has(kernel)) continue;
    const { kernelFunc } = kernel;
    const config: tf.KernelConfig = {
      ...kernel,
      kernelFunc(call) {
        const { axis, reverse } = call.attrs as unknown as { axis: number; reverse: boolean };
        if (!reverse) return kernelFunc(call);
        return tf.tidy(() => {
          const x = tf.reverse(call.inputs.x as tf.Tensor, axis);
          const sums = kernelFunc({ ...call, inputs: { x }, attrs: { ...call.attrs, reverse: false } });
          return tf.reverse(tf.engine().makeTensorFromTensorInfo(sums as tf.TensorInfo), axis);
        });
      },
    };
    tf.unregisterKernel(kernelName, 'webgpu');
    tf.registerKernel(config);
    repaired.add(config);
  }
}

const repaired = new Set<tf.KernelConfig>();
