import type * as tf from '@tensorflow/tfjs-core';
import { gradient, type Point, value } from './derivatives.ts';
import { between, type Operation, sample } from './operation.ts';

// Small, so that no difference is taken across a kink.
const step = 1e-5;

/** A tensor's components. */
export interface Components {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** What an operation must give at a point. */
export interface Expected {
  readonly point: Point;
  /** Along which the derivatives of the gradient are taken: for each input. */
  readonly directions: Point['xs'];
  /** As the cpu backend computes it. */
  readonly value: Components;
  /** Likewise, for each input. */
  readonly gradient: readonly Components[];
  /** How fast the product of value and cotangent grows along some directions: by the gradient, and by differences. */
  readonly slopes: readonly { readonly byGradient: number; readonly byDifferences: number }[];
  /** By differences of gradients for each input, and of values for the cotangent. */
  readonly secondDerivative: readonly Components[];
}

/** Evaluates an operation. Call it in double precision. */
export function expectedOf(operation: Operation): Expected {
  const along = (seed: number) => operation.inputs.map(({ shape }, n) => sample(between(-1, 1, ...shape), seed + n));
  const xs = operation.inputs.map((input, n) => sample(input, n + 1));
  const [y, directions] = [read(value(operation, xs)), along(31)];
  const point = { xs, cotangent: sample(between(-1, 1, ...y.shape), 17) };
  const slopes = gradient(operation, point).map(read);
  return {
    point,
    directions,
    value: y,
    gradient: slopes,
    slopes: [directions, along(47)].map((direction) => ({
      byGradient: slopes.reduce((sum, { values }, n) => sum + dot(values, direction[n]!), 0),
      byDifferences: slopeAlong(operation, point, direction),
    })),
    secondDerivative: differences(operation, point, directions),
  };
}

function slopeAlong(operation: Operation, { xs, cotangent }: Point, directions: Point['xs']): number {
  const product = (shift: number) => dot(read(value(operation, shifted(xs, directions, shift))).values, cotangent);
  return (product(step) - product(-step)) / (2 * step);
}

function differences(operation: Operation, at: Point, directions: Point['xs']): Components[] {
  const all = (shift: number) => {
    const xs = shifted(at.xs, directions, shift);
    return [...gradient(operation, { ...at, xs }), value(operation, xs)].map(read);
  };
  const [after, before] = [all(step), all(-step)];
  return after.map(({ shape, values }, n) => ({
    shape,
    values: values.map((component, i) => (component - before[n]!.values[i]!) / (2 * step)),
  }));
}

function dot(a: readonly number[], b: readonly number[]): number {
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
