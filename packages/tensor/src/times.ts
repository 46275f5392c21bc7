import { checkTimes, InvalidInputError, toFloat64 } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import { numbersOf } from './numbers-of.ts';

/** Output times: doubles, or a float32 tensor `[n]` when they are to be differentiated. */
export type Times = readonly number[] | Float64Array | tf.Tensor1D;

/** The times as doubles, checked. */
export function readTimes(ts: Times): number[] {
  return checked(ts instanceof tf.Tensor ? numbersOf(ranked(ts)) : ts);
}

/** Likewise, from a backend that cannot be read synchronously. */
export async function readTimesAsync(ts: Times): Promise<number[]> {
  return checked(ts instanceof tf.Tensor ? await ranked(ts).data() : ts);
}

function ranked(ts: tf.Tensor): tf.Tensor {
  if (ts.isDisposed) throw new InvalidInputError('ts', 'ts is disposed: give a tensor that is alive.');
  if (ts.rank === 1) return ts;
  throw new InvalidInputError('ts', `ts is a tensor of shape [${ts.shape}]: give one of rank 1.`);
}

function checked(ts: ArrayLike<number>): number[] {
  const times = [...toFloat64('ts', ts)];
  checkTimes(times, 'ts');
  return times;
}

/** Start and end. */
export function span(times: readonly number[]): [t0: number, t1: number] {
  return [times[0] as number, times.at(-1) as number];
}

/** Half the spacing of float32 numbers near 1. */
const rounding = 2 ** -24;

/**
 * A warning when float32 cannot tell a step's times apart well enough.
 *
 * @param mesh the step ends
 * @param readsTime whether f depends on t; asked only when it matters
 */
export function coarseTimes(mesh: readonly number[], readsTime: () => boolean): string | undefined {
  let worst = 0;
  let at = 0;
  for (let n = 1; n < mesh.length; n++) {
    const [t0, t1] = [mesh[n - 1] as number, mesh[n] as number];
    // The step across a jump is meant to be that short.
    if (Math.abs(t1 - t0) <= 4 * 2 ** -52 * Math.max(Math.abs(t0), Math.abs(t1))) continue;
    const share = (rounding * Math.max(Math.abs(t0), Math.abs(t1))) / Math.abs(t1 - t0);
    if (share > worst) [worst, at] = [share, n];
  }
  if (worst < 0.01 || !readsTime()) return undefined;
  const [t0, t1] = [mesh[at - 1] as number, mesh[at] as number];
  return (
    `f receives t as a float32 scalar, which at t = ${t1} is off by up to ${(rounding * Math.abs(t1)).toExponential(1)}, ` +
    `${Math.round(100 * worst)} % of the step of ${Math.abs(t1 - t0).toExponential(1)} taken there: ` +
    'move the origin of time nearer.'
  );
}
