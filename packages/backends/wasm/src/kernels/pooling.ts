import type { ModuleBuilder } from '@neural-ode/assembler';
import * as tf from '@tensorflow/tfjs-core';
import { eachVector } from '../each-vector.ts';
import { type Axis, axesOf } from './convolution/windows.ts';
import { type Attributes, areFloats, clear, type OwnKernel } from './kernel.ts';
import { advance, times } from './times.ts';

/** Adds each channel's cotangent to the first place in a window that has the maximum. */
type Spread = (
  x: number,
  dx: number,
  y: number,
  dy: number,
  bytes: number,
  rows: number,
  columns: number,
  rowBytes: number,
  columnBytes: number,
) => void;

function emitSpread(module: ModuleBuilder): void {
  module.function(
    'spread',
    {
      x: 'i32',
      dx: 'i32',
      y: 'i32',
      dy: 'i32',
      bytes: 'i32',
      rows: 'i32',
      columns: 'i32',
      rowBytes: 'i32',
      columnBytes: 'i32',
    },
    [],
    (f, { x, dx, y, dy, bytes, rows, columns, rowBytes, columnBytes }) => {
      eachVector(f, bytes, (load, store) => {
        const [maximum, left] = [f.let(load(y)), f.let(load(dy))];
        const [row, rowOut] = [f.let(x), f.let(dx)];
        times(f, rows, () => {
          const [at, to] = [f.let(row), f.let(rowOut)];
          times(f, columns, () => {
            const hit = f.let(f.f32x4.eq(load(at), maximum));
            const share = f.let(f.v128.and(left, hit));
            store(to, f.let(f.f32x4.add(load(to), share)));
            f.set(left, f.v128.andnot(left, hit));
            for (const pointer of [at, to]) advance(f, pointer, columnBytes);
          });
          for (const pointer of [row, rowOut]) advance(f, pointer, rowBytes);
        });
      });
    },
    { export: true },
  );
}

/** The part of a window that lies inside the input: first place, and how many. */
function inside({ input, filter, stride, dilation, before }: Axis, output: number): [first: number, count: number] {
  const start = output * stride - before;
  const skipped = Math.max(0, Math.ceil(-start / dilation));
  const count = Math.min(filter, Math.ceil((input - start) / dilation)) - skipped;
  return [start + skipped * dilation, Math.max(0, count)];
}

function infoOf(x: tf.TensorInfo, { filterSize, strides, pad, dimRoundingMode, dilations = 1 }: Attributes) {
  const shape = x.shape as [number, number, number, number];
  return tf.backend_util.computePool2DInfo(shape, filterSize, strides, dilations, pad, dimRoundingMode);
}

/** The pools of a volume as two of images: in each layer, and of the layers. */
function poolsOf(x: tf.Tensor5D, { filterSize, strides, pad, dilations = 1, dimRoundingMode, dataFormat }: Attributes) {
  const info = tf.backend_util.computePool3DInfo(
    x.shape,
    filterSize,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    dataFormat,
  );
  const { batchSize, inDepth, inHeight, inWidth, outHeight, outWidth, inChannels, padInfo } = info;
  // tfjs gives volumes negative margins where a filter is smaller than its stride: there are none.
  const attributes = (filter: number[], strides: number[], margins: number[][]) => ({
    filterSize: filter,
    strides,
    pad: [[0, 0], ...margins.map((margin) => margin.map((n) => Math.max(0, n))), [0, 0]],
    dimRoundingMode: 'floor',
  });
  const { front, back, top, bottom, left, right } = padInfo;
  return {
    inLayers: {
      shape: [batchSize * inDepth, inHeight, inWidth, inChannels],
      attributes: attributes(
        [info.filterHeight, info.filterWidth],
        [info.strideHeight, info.strideWidth],
        [
          [top, bottom],
          [left, right],
        ],
      ),
    },
    ofLayers: {
      shape: [batchSize, inDepth, outHeight * outWidth, inChannels],
      attributes: attributes(
        [info.filterDepth, 1],
        [info.strideDepth, 1],
        [
          [front, back],
          [0, 0],
        ],
      ),
    },
    outShape: info.outShape,
  };
}

const run = (kernelName: string, inputs: tf.NamedTensorMap, attributes: object): tf.Tensor =>
  tf.engine().runKernel(kernelName, inputs, attributes as tf.NamedAttrMap) as tf.Tensor;

/** Pools that tfjs computes wrongly: by maximum where that is not positive, and of one pixel, which its library refuses. */
export const pooling: readonly OwnKernel[] = [
  ...['MaxPool', 'AvgPool'].map(
    (kernelName): OwnKernel => ({
      kernelName,
      compute(inputs, attributes) {
        const { x } = inputs as unknown as { x: tf.Tensor4D };
        const info = infoOf(x, attributes);
        const { height, width } = axesOf(info);
        const { top, bottom, left, right } = info.padInfo;
        const onePixel = height.filter === 1 && width.filter === 1 && top + bottom + left + right === 0;
        if (!onePixel || (height.stride === 1 && width.stride === 1)) return undefined;
        const end = [height, width].map(({ output, stride }) => (output - 1) * stride + 1);
        const strides = [1, height.stride, width.stride, 1];
        return tf.stridedSlice(x, [0, 0, 0, 0], [info.batchSize, ...end, info.inChannels], strides);
      },
    }),
  ),
  {
    kernelName: 'MaxPoolGrad',
    compute(inputs, attributes, workspace) {
      const { dy, input: x, output: y } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo; output: tf.TensorInfo };
      if (!areFloats(dy, x, y)) return undefined;
      const info = infoOf(x, attributes);
      const { height, width } = axesOf(info);
      const dx = clear(workspace, workspace.output(x.shape));
      const { spread } = workspace.module<{ spread: Spread }>('pooling', emitSpread);
      const [fromX, toX, fromY, fromDy] = [x, dx, y, dy].map(workspace.address) as [number, number, number, number];
      const bytes = 4 * info.inChannels;
      const rowBytes = height.dilation * width.input * bytes;
      for (let image = 0; image < info.batchSize; image++) {
        for (let row = 0; row < height.output; row++) {
          const [top, rows] = inside(height, row);
          for (let column = 0; column < width.output; column++) {
            const [left, columns] = inside(width, column);
            const from = ((image * height.input + top) * width.input + left) * bytes;
            const at = ((image * height.output + row) * width.output + column) * bytes;
            const columnBytes = width.dilation * bytes;
            spread(fromX + from, toX + from, fromY + at, fromDy + at, bytes, rows, columns, rowBytes, columnBytes);
          }
        }
      }
      return dx;
    },
  },
  {
    kernelName: 'MaxPool3D',
    compute(inputs, attributes) {
      const { x } = inputs as unknown as { x: tf.Tensor5D };
      return tf.tidy(() => {
        const { inLayers, ofLayers, outShape } = poolsOf(x, attributes);
        const pooled = run('MaxPool', { x: tf.reshape(x, inLayers.shape) }, inLayers.attributes);
        return tf.reshape(run('MaxPool', { x: tf.reshape(pooled, ofLayers.shape) }, ofLayers.attributes), outShape);
      });
    },
  },
  {
    kernelName: 'MaxPool3DGrad',
    compute(inputs, attributes) {
      const { dy, input: x } = inputs as unknown as { dy: tf.Tensor5D; input: tf.Tensor5D };
      return tf.tidy(() => {
        const { inLayers, ofLayers } = poolsOf(x, attributes);
        const images = tf.reshape(x, inLayers.shape);
        const pooled = run('MaxPool', { x: images }, inLayers.attributes);
        const layers = tf.reshape(pooled, ofLayers.shape);
        const output = run('MaxPool', { x: layers }, ofLayers.attributes);
        const toLayers = run(
          'MaxPoolGrad',
          { dy: tf.reshape(dy, output.shape), input: layers, output },
          ofLayers.attributes,
        );
        const toImages = run(
          'MaxPoolGrad',
          { dy: tf.reshape(toLayers, pooled.shape), input: images, output: pooled },
          inLayers.attributes,
        );
        return tf.reshape(toImages, x.shape);
      });
    },
  },
];
