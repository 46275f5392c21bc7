import { InvalidInputError, type SampleSizes } from '@neural-ode/core';
import type * as tf from '@tensorflow/tfjs-core';
import { checkSamples } from '../check-samples.ts';
import type { FieldCode } from '../stepper/module.ts';
import type { Trace } from '../trace/trace.ts';
import { ThreadPool } from './pool.ts';
import { type Parts, Teams } from './teams.ts';

/** Samples with steps of their own: the field of one, and its components in each leaf. */
interface Samples {
  readonly code: FieldCode;
  readonly sizes: SampleSizes;
}

/** A batch with one size of step for all. */
interface Batch {
  /** The leaves of the whole batch. */
  readonly leaves: readonly tf.Tensor[];
  /** Traces the field on a batch of so many samples. */
  readonly traceSamples: (samples: number) => Trace;
  readonly codeOf: (traced: Trace) => FieldCode;
}

/** Starts threads for what they share; see `Compiled.useThreads`. */
export async function startTeams(count: number, shared: Samples | Batch): Promise<Teams> {
  const parts =
    'code' in shared
      ? { codes: new Array<FieldCode>(count).fill(shared.code), sizes: shared.sizes }
      : partsOf(count, shared);
  return new Teams(await ThreadPool.start(parts.codes.length), parts);
}

/**
 * A batch in parts of nearly as many samples each, for threads.
 *
 * @throws InvalidInputError when there is no batch; CompileError when the field mixes samples
 */
function partsOf(count: number, { leaves, traceSamples, codeOf }: Batch): Parts {
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
