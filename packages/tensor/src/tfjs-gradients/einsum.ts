import * as tf from '@tensorflow/tfjs-core';
import { type Gradient, zeroLike } from './gradient.ts';

/** Sums of products: each operand's cotangent is one of the output's cotangent and the other operand. */
export const einsum: Gradient = {
  kernelName: 'Einsum',
  saveAllInputs: true,
  gradFunc(dy: tf.Tensor, saved, { equation }) {
    const [left, output] = equation.replaceAll(/\s/g, '').split('->') as [string, string];
    const operands = left.split(',');
    return Object.fromEntries(
      saved.map((x, n) => {
        const others = operands.filter((_, other) => other !== n);
        const axes = [...(operands[n] as string)];
        // An axis that nothing else has was summed over: its cotangents are all the same.
        const known = (axis: string) => [output, ...others].some((labels) => labels.includes(axis));
        const target = axes.filter(known).join('');
        return [
          n,
          () => {
            if (x.size === 0) return zeroLike(x);
            // tfjs hands the tensor itself back where there is nothing to do, which the tape cannot tell apart.
            const asIs = others.length === 0 && target === output;
            const product = asIs
              ? dy
              : tf.einsum(`${[output, ...others]}->${target}`, dy, ...saved.filter((_, other) => other !== n));
            const kept = axes.map((axis, at) => (known(axis) ? (x.shape[at] as number) : 1));
            return tf.mul(tf.reshape(product, kept), tf.ones(x.shape));
          },
        ];
      }),
    );
  },
};
