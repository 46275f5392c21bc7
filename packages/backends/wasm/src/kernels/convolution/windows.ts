import * as tf from '@tensorflow/tfjs-core';
import type { Attributes } from '../kernel.ts';

/** Sizes along the height and width of a convolution. */
export interface Axis {
  readonly input: number;
  readonly filter: number;
  readonly output: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros before the input. */
  readonly before: number;
}

/** Sizes of a convolution, data format NHWC. */
export interface Windows {
  readonly batch: number;
  readonly height: Axis;
  readonly width: Axis;
  /** Channels of the input and of the output. */
  readonly channels: readonly [input: number, output: number];
}

/** The sizes as tfjs computes them; undefined in another data format. */
export function windowsOf(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attributes: Attributes,
  depthwise = false,
): Windows | undefined {
  const { strides, pad, dilations = 1, dimRoundingMode, dataFormat = 'NHWC' } = attributes;
  if (dataFormat !== 'NHWC') return undefined;
  const info = tf.backend_util.computeConv2DInfo(
    inputShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides,
    dilations,
    pad,
    dimRoundingMode,
    depthwise,
  );
  return { batch: info.batchSize, channels: [info.inChannels, info.outChannels], ...axesOf(info) };
}

/** What tfjs computes of a convolution, a pooling among them. */
type Info = ReturnType<typeof tf.backend_util.computeConv2DInfo> | ReturnType<typeof tf.backend_util.computeConv3DInfo>;

/** Sizes along height and width. */
export function axesOf(info: Info): Pick<Windows, 'height' | 'width'> {
  return {
    height: {
      input: info.inHeight,
      filter: info.filterHeight,
      output: info.outHeight,
      stride: info.strideHeight,
      dilation: info.dilationHeight,
      before: info.padInfo.top,
    },
    width: {
      input: info.inWidth,
      filter: info.filterWidth,
      output: info.outWidth,
      stride: info.strideWidth,
      dilation: info.dilationWidth,
      before: info.padInfo.left,
    },
  };
}

/** The outputs for which a place of the filter lies inside the input: the first one, and how many. */
export function reaching(
  { input, output, stride, dilation, before }: Axis,
  tap: number,
): readonly [first: number, count: number] {
  const shift = before - tap * dilation;
  const first = Math.max(0, Math.ceil(shift / stride));
  const end = Math.min(output, Math.ceil((input + shift) / stride));
  return [first, Math.max(0, end - first)];
}
