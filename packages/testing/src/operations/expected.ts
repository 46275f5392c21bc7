import type * as tf from '@tensorflow/tfjs-core';
import { directionalDerivative } from '../finite-difference.ts';
import { gradient, type Point, value } from './derivatives.ts';
import type { Operation } from './operation.ts';

// What an operation must give. All of it must be called in double precision.

// Small, so that no difference is taken across a kink.
const step = 1e-5;

/** A tensor's components. */
export interface Components {
  readonly shape: readonly number[];
  readonly values: number[];
}

/** The value, as the cpu backend computes it. */
export function expectedValue(operation: Operation, xs: Point['xs']): Components {
  return read(value(operation, xs));
}

/** The gradient, as the cpu backend computes it. */
export function expectedGradient(operation: Operation, at: Point): Components[] {
  return gradient(operation, at).map(read);
}

/** The slope of the product of the value and the cotangent along `directions`, by differences. */
export function slopeAlong(operation: Operation, { xs, cotangent }: Point, directions: Point['xs']): number {
  const product = ([shift = 0]: readonly number[]) =>
    dot(expectedValue(operation, shifted(xs, directions, shift)).values, cotangent);
  return directionalDerivative(product, [0], [1], step);
}

/** The derivatives of the gradient and of the value along `directions`, by differences. */
export function expectedSecondDerivative(operation: Operation, at: Point, directions: Point['xs']): Components[] {
  const all = (shift: number) => {
    const xs = shifted(at.xs, directions, shift);
    return [...expectedGradient(operation, { ...at, xs }), expectedValue(operation, xs)];
  };
  const [after, before] = [all(step), all(-step)];
  return after.map(({ shape, values }, n) => ({
    shape,
    values: values.map((component, i) => (component - before[n]!.values[i]!) / (2 * step)),
  }));
}

/** The sum of the products of the components. */
export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, component, i) => sum + component * b[i]!, 0);
}

function shifted(xs: Point['xs'], directions: Point['xs'], shift: number): number[][] {
  return xs.map((x, n) => x.map((component, i) => component + shift * directions[n]![i]!));
}

function read(tensor: tf.Tensor): Components {
  const values = Array.from(tensor.dataSync());
  tensor.dispose();
  return { shape: tensor.shape, values };
}
