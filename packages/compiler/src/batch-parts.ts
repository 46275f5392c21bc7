import { InvalidInputError } from '@neural-ode/core';
import type * as tf from '@tensorflow/tfjs-core';
import { checkSamples } from './check-samples.ts';
import type { FieldCode } from './stepper/module.ts';
import type { Parts } from './stepper/teams.ts';
import type { Trace } from './trace/trace.ts';

/**
 * A batch in parts of nearly as many samples each, for threads.
 *
 * @param leaves of the whole batch
 * @param traceSamples traces the field on a batch of so many samples
 * @throws InvalidInputError when there is no batch; CompileError when the field mixes samples
 */
export function partsOf(
  leaves: readonly tf.Tensor[],
  count: number,
  traceSamples: (samples: number) => Trace,
  codeOf: (traced: Trace) => FieldCode,
): Parts {
  const samples = leaves[0]?.shape[0] ?? 0;
  if (leaves.some(({ shape }) => shape[0] !== samples) || samples < 2) {
    throw new InvalidInputError(
      'example',
      'The example is no batch of two or more samples along the first axis of every leaf, so threads have nothing to share: ' +
        'give a batch.',
    );
  }
  checkSamples(traceSamples(1), traceSamples(2));
  const threads = Math.min(count, samples);
  const counts = Array.from(
    { length: threads },
    (_, n) => Math.floor(((n + 1) * samples) / threads) - Math.floor((n * samples) / threads),
  );
  const codes = new Map<number, FieldCode>();
  for (const some of counts) if (!codes.has(some)) codes.set(some, codeOf(traceSamples(some)));
  return {
    codes: counts.map((some) => codes.get(some) as FieldCode),
    sizes: leaves.map(({ size }) => size / samples),
    counts,
  };
}
