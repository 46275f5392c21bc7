import { float64Space } from '@neural-ode/core';
import type * as tf from '@tensorflow/tfjs-core';
import { makeTensor } from './engine.ts';
import { numbersOf } from './numbers-of.ts';
import type { Layout, Representation } from './representation.ts';

/**
 * States as one Float64Array each, for backends whose numbers are cheap to read. The solver's arithmetic is then plain
 * JavaScript in double precision, without a tensor to allocate or to leak; only the field computes in float32.
 */
export function arrayStates({ shapes, offsets }: Layout): Representation<Float64Array> {
  const length = offsets.at(-1) as number;
  const each = <T>(make: (shape: readonly number[], start: number, end: number, n: number) => T): T[] =>
    shapes.map((shape, n) => make(shape, offsets[n] as number, offsets[n + 1] as number, n));

  return {
    space: float64Space,
    pack(leaves) {
      const y = new Float64Array(length);
      leaves.forEach((leaf, n) => {
        if (leaf) y.set(numbersOf(leaf), offsets[n] as number);
      });
      return y;
    },
    unpack: (y) => each((shape, start, end) => makeTensor(new Float32Array(y.subarray(start, end)), shape)),
    stack: (ys) =>
      each((shape, start, end) => {
        const size = end - start;
        const values = new Float32Array(ys.length * size);
        ys.forEach((y, n) => {
          values.set(y.subarray(start, end), n * size);
        });
        return makeTensor(values, [ys.length, ...shape]);
      }),
    unstack(leaves) {
      const data = leaves.map((leaf) => numbersOf(leaf));
      return Array.from({ length: (leaves[0] as tf.Tensor).shape[0] as number }, (_, row) => {
        const y = new Float64Array(length);
        each((_shape, start, end, n) => {
          const size = end - start;
          y.set((data[n] as Float32Array).subarray(row * size, (row + 1) * size), start);
        });
        // A zero that is known as such spares an output inside a step its share of the step's gradient.
        return y.every((value) => value === 0) ? undefined : y;
      });
    },
    least: (y) => y.reduce((least, value) => Math.min(least, Number.isFinite(value) ? value : -1), 0),
    tensors: () => [],
    replace() {},
    close() {},
  };
}
