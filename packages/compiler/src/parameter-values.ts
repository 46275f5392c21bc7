import { InvalidInputError, type Numbers, toFloat64 } from '@neural-ode/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { Precision } from './stepper/layout.ts';
import { meantDoubles } from './trace/decimals.ts';
import type { TracedParameter } from './trace/parameters.ts';

/**
 * Values of a field's parameters, concatenated: those given, copied, or else what the tensors hold at that time. In
 * double precision a tensor that is no variable counts as the decimals that it was written as, like a literal in the field.
 *
 * @param args the leaves of the arguments, which come first
 */
export function parameterValues(
  parameters: readonly TracedParameter[],
  args: readonly tf.Tensor[],
  dtype: Precision,
): (given?: Numbers) => Float64Array {
  const size = parameters.reduce((sum, { tensor }) => sum + tensor.size, 0);
  return (given) => {
    if (given) {
      const values = toFloat64('parameters', given);
      if (values.length === size) return values;
      const names = parameters.map(({ name, tensor }) => `${name} (${tensor.size})`).join(', ') || 'none';
      throw new InvalidInputError(
        'parameters',
        `parameters holds ${values.length} numbers where ${size} are due: give the values of ${names}.`,
      );
    }
    const values = new Float64Array(size);
    let at = 0;
    parameters.forEach(({ source, tensor, name }, n) => {
      if (tensor.isDisposed && source !== 'argument') throw disposed(source, name);
      const data = (source === 'argument' ? (args[n] as tf.Tensor) : tensor).dataSync();
      values.set(dtype === 'float64' && source !== 'variable' ? meantDoubles(data) : data, at);
      at += tensor.size;
    });
    return values;
  };
}

/** A tensor from outside that a field reads is gone. */
export function disposed(source: TracedParameter['source'], name: string): InvalidInputError {
  const what = source === 'variable' ? `variable '${name}'` : `tensor ${name}`;
  return new InvalidInputError(
    'f',
    `The ${what}, which the compiled field reads, is disposed: keep it, or pass it in args.`,
  );
}
