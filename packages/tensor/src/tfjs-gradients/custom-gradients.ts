import * as tf from '@tensorflow/tfjs-core';
import { gradientIsNested } from '../engine.ts';

type Custom = (...args: unknown[]) => {
  value: tf.Tensor;
  gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
};

type Save = (tensors: tf.Tensor[]) => void;

const repaired = Symbol.for('neural-ode/custom-gradients');

/**
 * Gives the gradients that `tf.customGrad` defines, those of tfjs's own losses and fused layers among them, the right
 * derivatives. What such an operation computes and saves counts as constant, so a derivative of its gradient would
 * silently miss a part. Where one may be taken, the gradient is given what it saved computed again, on the tape.
 */
export function repairCustomGradients(): void {
  const engine = tf.engine() as unknown as { customGrad(f: Custom): Custom; [repaired]?: true };
  if (engine[repaired]) return;
  engine[repaired] = true;
  const original = engine.customGrad.bind(engine);
  engine.customGrad = (f) =>
    original((...args) => {
      if (!gradientIsNested()) return f(...args);
      const [inputs, save] = [args.slice(0, -1), args.at(-1)] as [tf.Tensor[], Save];
      let saved = 0;
      const { value, gradFunc } = f(...inputs, (tensors: tf.Tensor[]) => {
        saved = tensors.length;
        save([...tensors, ...inputs]);
      });
      return {
        value,
        gradFunc(dy, kept) {
          if (saved === 0) return gradFunc(dy, []);
          let again: tf.Tensor[] = [];
          const recorded = f(...kept.slice(saved), (tensors: tf.Tensor[]) => {
            again = tensors;
          });
          return recorded.gradFunc(dy, again);
        },
      };
    });
}
