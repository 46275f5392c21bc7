import type * as tf from '@tensorflow/tfjs-core';

/** An input of an operation under test: float32, its components spread over an interval, no two of them close together. */
export interface Input {
  readonly shape: readonly number[];
  readonly low: number;
  readonly high: number;
}

/** An operation under test. */
export interface Operation {
  /** As in a skip. Two operations have different names. */
  readonly name: string;
  readonly inputs: readonly Input[];
  /** From the inputs to one tensor. Other tensors that it needs it makes itself, at each call. */
  // biome-ignore lint/suspicious/noExplicitAny: each operation wants ranks of its own
  readonly f: (...xs: any[]) => tf.Tensor;
  /** Its components in closed form; absent: what the cpu backend gives in double precision is trusted. */
  readonly exact?: (...xs: readonly number[][]) => ArrayLike<number>;
}

/** An input of either sign. */
export const real = (...shape: number[]): Input => between(-1.9, 1.9, ...shape);

/** An input away from zero. */
export const positive = (...shape: number[]): Input => between(0.3, 2.5, ...shape);

/** An input inside an interval. */
export const between = (low: number, high: number, ...shape: number[]): Input => ({ shape, low, high });

/** The number of components of a shape. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);

/** Reproducible components of an input, exact in float32. */
export function sample({ shape, low, high }: Input, seed: number): number[] {
  const place = (n: number) => ((n + 1) * 0.6180339887 + seed * 0.7548776662) % 1;
  return Array.from({ length: sizeOf(shape) }, (_, n) => Math.fround(low + (high - low) * place(n)));
}
