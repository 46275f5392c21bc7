import type { ModuleBuilder } from '@neural-ode/assembler';
import * as tf from '@tensorflow/tfjs-core';
import { eachVector } from '../../each-vector.ts';
import { areFloats, clear, type OwnKernel } from '../kernel.ts';
import { emitRows, type Rows } from '../rows/emit-rows.ts';
import { advance, times } from '../times.ts';
import type { Workspace } from '../workspace.ts';
import { reaching, type Windows, windowsOf } from './windows.ts';

/** Adds to each of `count` runs of so many bytes the product of two others; runs lie so many bytes apart. */
type AddProducts = (
  out: number,
  outStep: number,
  a: number,
  aStep: number,
  b: number,
  bStep: number,
  count: number,
  bytes: number,
) => void;

function emitAddProducts(module: ModuleBuilder): void {
  module.function(
    'addProducts',
    { out: 'i32', outStep: 'i32', a: 'i32', aStep: 'i32', b: 'i32', bStep: 'i32', count: 'i32', bytes: 'i32' },
    [],
    (f, { out, outStep, a, aStep, b, bStep, count, bytes }) => {
      times(f, count, () => {
        eachVector(f, bytes, (load, store) => {
          const product = f.let(f.f32x4.mul(load(a), load(b)));
          store(out, f.let(f.f32x4.add(load(out), product)));
        });
        advance(f, out, outStep);
        advance(f, a, aStep);
        advance(f, b, bStep);
      });
    },
    { export: true },
  );
}

/** Goes through the rows of outputs and inputs that a place of the filter joins. */
function eachRow(
  { batch, height, width }: Windows,
  visit: (tap: number, input: number, output: number, count: number) => void,
): void {
  for (let v = 0; v < height.filter; v++) {
    const [firstRow, rows] = reaching(height, v);
    for (let h = 0; h < width.filter; h++) {
      const [first, count] = reaching(width, h);
      if (count === 0) continue;
      const column = first * width.stride + h * width.dilation - width.before;
      for (let image = 0; image < batch; image++) {
        for (let row = firstRow; row < firstRow + rows; row++) {
          const inputRow = row * height.stride + v * height.dilation - height.before;
          const input = (image * height.input + inputRow) * width.input + column;
          const output = (image * height.output + row) * width.output + first;
          visit(v * width.filter + h, input, output, count);
        }
      }
    }
  }
}

const addProductsOf = (workspace: Workspace) =>
  workspace.module<{ addProducts: AddProducts }>('depthwise', emitAddProducts).addProducts;

/** The cotangents of depthwise convolutions, which tfjs lacks. A channel of the input makes one or more of the output. */
export const depthwise: readonly OwnKernel[] = [
  {
    kernelName: 'DepthwiseConv2dNativeBackpropInput',
    compute(inputs, attributes, workspace) {
      const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
      const { inputShape } = attributes;
      const windows = windowsOf(inputShape, filter.shape, attributes, true);
      if (!windows || !areFloats(dy, filter)) return undefined;
      const [channels, outputs] = windows.channels;
      const addProducts = addProductsOf(workspace);
      // As many channels as the output has, of which those of one input channel are summed in the end.
      const wide = clear(workspace, workspace.output([...inputShape.slice(0, 3), outputs]));
      const bytes = 4 * outputs;
      const [from, weights, to] = [dy, filter, wide].map(workspace.address) as [number, number, number];
      eachRow(windows, (tap, input, output, count) => {
        const [outStep, at] = [bytes * windows.width.stride, from + output * bytes];
        addProducts(to + input * bytes, outStep, at, bytes, weights + tap * bytes, 0, count, bytes);
      });
      if (channels === outputs) return wide;
      return tf.tidy(() => {
        const all = tf.engine().makeTensorFromTensorInfo(wide);
        return tf.sum(tf.reshape(all, [...inputShape, outputs / channels]), -1);
      });
    },
  },
  {
    kernelName: 'DepthwiseConv2dNativeBackpropFilter',
    compute(inputs, attributes, workspace) {
      const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
      const windows = windowsOf(x.shape, attributes.filterShape, attributes, true);
      if (!windows || !areFloats(x, dy)) return undefined;
      const [channels, outputs] = windows.channels;
      const addProducts = addProductsOf(workspace);
      const wide = channels === outputs ? x : repeated(x, outputs / channels, workspace);
      try {
        const dw = clear(workspace, workspace.output(attributes.filterShape));
        const bytes = 4 * outputs;
        const [images, from, to] = [wide, dy, dw].map(workspace.address) as [number, number, number];
        eachRow(windows, (tap, input, output, count) => {
          const [aStep, at] = [bytes * windows.width.stride, images + input * bytes];
          addProducts(to + tap * bytes, 0, at, aStep, from + output * bytes, bytes, count, bytes);
        });
        return dw;
      } finally {
        if (wide !== x) workspace.release(wide);
      }
    },
  },
];

/** Every number so many times. */
function repeated(x: tf.TensorInfo, count: number, workspace: Workspace): tf.TensorInfo {
  const output = workspace.output([...x.shape, count]);
  const { repeat } = workspace.module<Rows>('rows', emitRows);
  repeat(workspace.address(x), workspace.address(output), tf.util.sizeFromShape(x.shape), 4, count);
  return output;
}
