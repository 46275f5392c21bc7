import * as tf from '@tensorflow/tfjs-core';
import { toFilter, toInput } from './convolution.ts';
import type { Gradient } from './gradient.ts';
import { addPlaces, padded, place, windowsOf } from './windows.ts';

type Four = [number, number, number, number];
type Triple = [number, number, number];

const triple = (value: number | Triple): Triple => (Array.isArray(value) ? value : [value, value, value]);

/**
 * Convolution of volumes: a sum of convolutions of images, one for each layer of the filter. tfjs's own kernels for its
 * cotangents know no dilations, and on wasm one is wrong.
 */
export const volumes: Gradient = {
  kernelName: 'Conv3D',
  replaces: true,
  inputsToSave: ['x', 'filter'],
  gradFunc(dy: tf.Tensor5D, saved, { strides, dilations = 1, pad }) {
    const [x, filter] = saved as [tf.Tensor5D, tf.Tensor5D];
    const [batch, depth, ...image] = x.shape;
    const [layers, ...layer] = filter.shape as [number, number, number, number, number];
    const [, out, ...outImage] = dy.shape;
    const [[strideBelow, ...stride], [dilationBelow, ...dilation]] = [triple(strides), triple(dilations)];
    const attributes = { strides: stride, dilations: dilation, pad, dataFormat: 'NHWC' };
    const below = { strides: [strideBelow, 1], dilations: [dilationBelow, 1], pad };
    const size = tf.util.sizeFromShape(image);
    const windows = windowsOf([batch, depth, 1, size], [layers, 1], [batch, out, 1], below);
    const bars = tf.reshape(dy, [batch * out, ...outImage] as Four) as tf.Tensor4D;
    return {
      x: () => {
        const dx = addPlaces(windows, (n) => {
          const plane = tf.reshape(tf.slice(filter, n, 1), layer as Four) as tf.Tensor4D;
          const share = toInput(bars, plane, [batch * out, ...image] as Four, attributes);
          return tf.reshape(share, [batch, out, 1, size]) as tf.Tensor4D;
        });
        return tf.reshape(dx, x.shape);
      },
      filter: () => {
        const wide = padded(tf.reshape(x, [batch, depth, 1, size]), windows);
        const parts = Array.from({ length: layers }, (_, n) => {
          const seen = tf.reshape(place(wide, windows, n * dilationBelow, 0), [batch * out, ...image] as Four);
          return toFilter(seen as tf.Tensor4D, bars, layer as Four, attributes);
        });
        return tf.stack(parts);
      },
    };
  },
};
