import * as tf from '@tensorflow/tfjs-core';
import { type Call, type Kernel, made, type Repair } from './repair.ts';

type Four = [number, number, number, number];

/** Attributes of convolutions and pooling. */
interface Attributes {
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | [number, number][];
  readonly dilations?: number | [number, number];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly filterSize: number | [number, number];
  readonly inputShape: Four;
  readonly filterShape: Four;
}

/** How an image must be padded, and cut off, for windows without padding to lie where those of the call lie. */
interface Frame {
  /** Where the image begins and ends in the padded one, which may cut it off. */
  readonly paddings: [number, number][];
  /** Size of the padded image, as far as the windows reach. */
  readonly reach: Four;
  readonly shape: Four;
}

/** Kernels for which tfjs-node knows the paddings 'valid' and 'same' alone: the others are computed as 'valid'. */
export const padding: Readonly<Record<string, Repair>> = Object.fromEntries(
  Object.entries<Repair>({
    Conv2D: convolution(false),
    FusedConv2D: convolution(false),
    DepthwiseConv2dNative: convolution(true),
    FusedDepthwiseConv2D: convolution(true),
    Conv2DBackpropInput: inputGradient(false),
    DepthwiseConv2dNativeBackpropInput: inputGradient(true),
    Conv2DBackpropFilter: filterGradient(false),
    DepthwiseConv2dNativeBackpropFilter: filterGradient(true),
    MaxPool: (call, stock) => {
      const x = call.inputs.x as tf.Tensor4D;
      return run(stock, call, {
        x: padded(x, frameOf(x.shape, poolFilter(call), call, true), Number.NEGATIVE_INFINITY),
      });
    },
    AvgPool: (call, stock) => {
      const x = call.inputs.x as tf.Tensor4D;
      const frame = frameOf(x.shape, poolFilter(call), call, true);
      const [, height, width] = x.shape;
      const inside = padded(tf.ones([1, height, width, 1]), {
        ...frame,
        reach: [1, frame.reach[1], frame.reach[2], 1],
      });
      // The mean is over the places inside the image.
      return tf.div(run(stock, call, { x: padded(x, frame) }), run(stock, call, { x: inside }));
    },
  }).map(([kernelName, repair]) => [kernelName, (call, stock) => (isKnown(call) ? undefined : repair(call, stock))]),
);

function isKnown(call: Call): boolean {
  const { pad } = attributesOf(call);
  return pad === 'valid' || pad === 'same' || pad === 0;
}

function convolution(depthwise: boolean): Repair {
  return (call, stock) => {
    const { x, filter } = call.inputs as { x: tf.Tensor4D; filter: tf.Tensor4D };
    return run(stock, call, { ...call.inputs, x: padded(x, frameOf(x.shape, filter.shape, call, depthwise)) });
  };
}

function inputGradient(depthwise: boolean): Repair {
  return (call, stock) => {
    const { filter } = call.inputs as { filter: tf.Tensor4D };
    const frame = frameOf(attributesOf(call).inputShape, filter.shape, call, depthwise);
    return unpadded(run(stock, call, call.inputs, { inputShape: frame.reach }), frame);
  };
}

function filterGradient(depthwise: boolean): Repair {
  return (call, stock) => {
    const x = call.inputs.x as tf.Tensor4D;
    const frame = frameOf(x.shape, attributesOf(call).filterShape, call, depthwise);
    return run(stock, call, { ...call.inputs, x: padded(x, frame) });
  };
}

function frameOf(shape: Four, filter: Four, call: Call, depthwise: boolean): Frame {
  const { strides, dilations = 1, pad, dimRoundingMode } = attributesOf(call);
  const format = tf.backend_util.convertConv2DDataFormat(attributesOf(call).dataFormat ?? 'NHWC');
  const info = tf.backend_util.computeConv2DInfo(
    shape,
    filter,
    strides,
    dilations,
    pad as number,
    dimRoundingMode,
    depthwise,
    format,
  );
  const spatial = format === 'channelsLast' ? 1 : 2;
  const paddings: [number, number][] = shape.map(() => [0, 0]);
  const reach = [...shape] as Four;
  const along = (axis: number, out: number, stride: number, extent: number, before: number) => {
    reach[axis] = (out - 1) * stride + extent;
    paddings[axis] = [before, Math.max(0, reach[axis] - before - (shape[axis] as number))];
  };
  along(spatial, info.outHeight, info.strideHeight, info.effectiveFilterHeight, info.padInfo.top);
  along(spatial + 1, info.outWidth, info.strideWidth, info.effectiveFilterWidth, info.padInfo.left);
  return { paddings, reach, shape };
}

function padded(x: tf.Tensor4D, { paddings, reach }: Frame, fill = 0): tf.Tensor4D {
  return tf.slice(tf.pad(x, paddings, fill), [0, 0, 0, 0], reach);
}

function unpadded(dx: tf.Tensor, { paddings, reach, shape }: Frame): tf.Tensor {
  const before = paddings.map(([before]) => before);
  // What no window reaches has no cotangent.
  const rest = shape.map((size, axis): [number, number] => [
    0,
    Math.max(0, (before[axis] as number) + size - (reach[axis] as number)),
  ]);
  return tf.slice(tf.pad(dx, rest), before, shape);
}

function poolFilter(call: Call): Four {
  const { filterSize } = attributesOf(call);
  const [height, width] = Array.isArray(filterSize) ? filterSize : [filterSize, filterSize];
  return [height, width, (call.inputs.x as tf.Tensor4D).shape[3], 1];
}

function attributesOf({ attrs }: Call): Attributes {
  return attrs as unknown as Attributes;
}

/** The kernel without padding. What it returns belongs to the enclosing tidy. */
function run(stock: Kernel, call: Call, inputs: Call['inputs'], attributes: Partial<Attributes> = {}): tf.Tensor {
  const attrs = { ...call.attrs, ...attributes, pad: 'valid' } as unknown as NonNullable<Call['attrs']>;
  return made(stock({ ...call, inputs, attrs }));
}
