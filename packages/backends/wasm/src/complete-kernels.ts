import { convolutionFilterGradient } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Registers the kernels that tfjs lacks on wasm and that training needs: the filter's gradient, which the fused
 * convolution of tfjs's layers asks for by kernel.
 */
export function completeKernels(): void {
  const kernelName = 'Conv2DBackpropFilter';
  if (tf.getKernel(kernelName, 'wasm')) return;
  tf.registerKernel({
    kernelName,
    backendName: 'wasm',
    kernelFunc({ inputs, attrs }) {
      const { x, dy } = inputs as unknown as { x: tf.Tensor4D; dy: tf.Tensor4D };
      const { filterShape } = attrs as unknown as { filterShape: number[] };
      return tf.tidy(() => convolutionFilterGradient(x, dy, filterShape, attrs));
    },
  });
}
