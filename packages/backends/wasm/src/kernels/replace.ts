import { InvalidInputError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import { depthwise } from './convolution/depthwise.ts';
import { convolutions } from './convolution/kernels.ts';
import { padding } from './convolution/padding.ts';
import { volumes } from './convolution/volumes.ts';
import { dilations } from './dilation.ts';
import { einsum } from './einsum.ts';
import { binary } from './elementwise/binary.ts';
import { unary } from './elementwise/unary.ts';
import type { Inputs, OwnKernel } from './kernel.ts';
import { products } from './mat-mul.ts';
import { pooling } from './pooling.ts';
import { rows } from './rows/kernels.ts';
import { workspaceOf } from './workspace.ts';

const all: readonly OwnKernel[] = [
  ...products,
  ...convolutions,
  ...depthwise,
  ...padding,
  ...volumes,
  ...pooling,
  ...dilations,
  ...unary,
  ...binary,
  ...rows,
  einsum,
];

/** Marks kernels as ours, those of a second install of this package too. */
const mark = Symbol.for('neural-ode/wasm-kernel');

/**
 * Registers our kernels in the place of tfjs's, which stay in use for what ours leave to them. It may be called again and
 * again; tfjs's package must have been loaded before.
 */
export function replaceKernels(): void {
  for (const kernel of all) replace(kernel);
}

function replace({ kernelName, compute }: OwnKernel): void {
  const stock = tf.getKernel(kernelName, 'wasm');
  if (stock && mark in stock) return;
  // Registering over another is warned about.
  if (stock) tf.unregisterKernel(kernelName, 'wasm');
  const own: tf.KernelConfig & { readonly [mark]: true } = {
    ...stock,
    [mark]: true,
    kernelName,
    backendName: 'wasm',
    kernelFunc(parameters) {
      const { inputs, attrs, backend } = parameters;
      const workspace = workspaceOf(backend as tf.KernelBackend);
      const withStock =
        stock && ((attrs: tf.NamedAttrMap) => stock.kernelFunc({ ...parameters, attrs }) as tf.TensorInfo);
      const output = workspace && compute(inputs as Inputs, attrs, workspace, withStock);
      if (output) return output;
      if (stock) return stock.kernelFunc(parameters);
      throw new InvalidInputError(
        kernelName,
        `the wasm backend computes ${kernelName} of float32 tensors only, images in the data format NHWC, and where the ` +
          'engine has SIMD: cast or transpose the inputs, or use the cpu backend.',
      );
    },
  };
  tf.registerKernel(own);
}
