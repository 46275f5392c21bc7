import * as tf from '@tensorflow/tfjs-core';
import type { Gradient } from './gradient.ts';

type Resize = (x: tf.Tensor4D, size: [number, number], alignCorners: boolean, halfPixels: boolean) => tf.Tensor4D;

/** Resizing mixes rows by one matrix and columns by another; their transposes take a cotangent back. */
function resizing(kernelName: string, resize: Resize): Gradient {
  return {
    kernelName,
    replaces: true,
    inputsToSave: ['images'],
    gradFunc(dy: tf.Tensor4D, saved, { alignCorners, halfPixelCenters }) {
      const [images] = saved as [tf.Tensor4D];
      const [batch, height, width, channels] = images.shape;
      const [, rows, columns] = dy.shape;
      const mixing = (from: number, to: number) => {
        const unit = tf.reshape(tf.eye(from), [1, from, 1, from]) as tf.Tensor4D;
        return tf.reshape(resize(unit, [to, 1], alignCorners, halfPixelCenters), [to, from]);
      };
      return {
        images: () => {
          const bars = tf.reshape(dy, [batch, rows, columns * channels]);
          const tall = tf.matMul(mixing(height, rows), bars, true, false);
          const wide = tf.reshape(tall, [batch * height, columns, channels]);
          return tf.reshape(tf.matMul(mixing(width, columns), wide, true, false), images.shape);
        },
      };
    },
  };
}

/** Images made larger or smaller. */
export const resizings: readonly Gradient[] = [
  resizing('ResizeBilinear', tf.image.resizeBilinear),
  resizing('ResizeNearestNeighbor', tf.image.resizeNearestNeighbor),
];
