import * as tf from '@tensorflow/tfjs-core';
import type { Operation } from './operation.ts';

/** Where an operation is evaluated and differentiated: components of its inputs, and of its output's cotangent. */
export interface Point {
  readonly xs: readonly number[][];
  readonly cotangent: readonly number[];
}

type Inputs = Pick<Operation, 'inputs' | 'f'>;

/** Of doubles, where they are called for: `Float32Array` is looked up at each call. */
const tensor = (values: readonly number[], shape: readonly number[]): tf.Tensor =>
  tf.tensor(Float32Array.from(values), [...shape]);

const tensors = ({ inputs }: Inputs, xs: readonly (readonly number[])[]): tf.Tensor[] =>
  xs.map((values, n) => tensor(values, inputs[n]!.shape));

/** The value at `xs`. */
export function value(operation: Inputs, xs: Point['xs']): tf.Tensor {
  return tf.tidy(() => operation.f(...tensors(operation, xs)));
}

/** The vector-Jacobian product at a point, for each input. */
export function gradient(operation: Inputs, { xs, cotangent }: Point): tf.Tensor[] {
  return tf.tidy(() => {
    const at = tensors(operation, xs);
    const y = operation.f(...at);
    return pull(operation.f, at, tensor(cotangent, y.shape));
  });
}

/**
 * The derivative of the vector-Jacobian product along `directions`: of the sum of its products with them, for each input
 * and for the cotangent.
 */
export function secondDerivative(operation: Inputs, { xs, cotangent }: Point, directions: Point['xs']): tf.Tensor[] {
  return tf.tidy(() => {
    const at = tensors(operation, xs);
    const along = tensors(operation, directions);
    const dy = tensor(cotangent, operation.f(...at).shape);
    const product = (...all: tf.Tensor[]) => {
      const pulled = pull(operation.f, all.slice(0, -1), all.at(-1)!);
      return tf.addN(pulled.map((dx, n) => tf.sum(tf.mul(dx, along[n]!))));
    };
    return pull(product, [...at, dy], tf.scalar(1));
  });
}

/** As `tf.grads`, but zero where `f` does not depend on an x. */
function pull(f: Operation['f'], xs: tf.Tensor[], dy: tf.Tensor): tf.Tensor[] {
  const { grads } = tf.engine().gradients(() => f(...xs), xs, dy, true);
  return xs.map((x, n) => grads[n] ?? tf.zeros(x.shape));
}
