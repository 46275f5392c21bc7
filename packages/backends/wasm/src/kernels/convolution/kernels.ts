import type * as tf from '@tensorflow/tfjs-core';
import { areFloats, clear, type OwnKernel } from '../kernel.ts';
import { productWriter } from '../product/product.ts';
import { writeFilterGradient } from './filter-gradient.ts';
import { writeInputGradient } from './input-gradient.ts';
import { windowsOf } from './windows.ts';

/** Cotangents of convolutions, as products of matrices that are never laid out. */
export const convolutions: readonly OwnKernel[] = [
  {
    kernelName: 'Conv2DBackpropInput',
    compute(inputs, attributes, workspace) {
      const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
      const windows = windowsOf(attributes.inputShape, filter.shape, attributes);
      if (!windows || !areFloats(dy, filter)) return undefined;
      const write = productWriter(workspace);
      const dx = clear(workspace, workspace.output(attributes.inputShape));
      const { address } = workspace;
      writeInputGradient(write, windows, [{ dy: address(dy), filter: address(filter) }], address(dx));
      return dx;
    },
  },
  {
    kernelName: 'Conv2DBackpropFilter',
    compute(inputs, attributes, workspace) {
      const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
      const windows = windowsOf(x.shape, attributes.filterShape, attributes);
      if (!windows || !areFloats(x, dy)) return undefined;
      const write = productWriter(workspace);
      const dw = clear(workspace, workspace.output(attributes.filterShape));
      const { address } = workspace;
      writeFilterGradient(write, windows, [address(x), address(dy), address(dw)]);
      return dw;
    },
  },
];
