import type { Field } from './field.ts';
import { resolution } from './integrate.ts';
import { power } from './power.ts';
import { type Routine, read } from './routine.ts';
import type { ErrorNorm, Space } from './space.ts';

/**
 * The first step's magnitude, from the size of the slope and of its change over one small Euler step; costs one
 * evaluation (Hairer, Norsett & Wanner 1993, II.4, "Starting step size").
 *
 * @param f0 the slope f(t0, y0), which stays the caller's
 * @param span end - t0, with its sign; the result is at most its magnitude
 * @param errorOrder order q of the error estimate
 */
export function* firstStepSize<Y, P>(
  field: Field<Y, P>,
  space: Space<Y>,
  norm: ErrorNorm<Y>,
  start: { readonly t0: number; readonly y0: Y; readonly f0: Y },
  span: number,
  errorOrder: number,
): Routine<number> {
  const { t0, y0, f0 } = start;
  const d0 = yield* read(norm.value(y0, y0, y0));
  const d1 = yield* read(norm.value(f0, y0, y0));
  const h0 = Math.min(d0 < 1e-5 || d1 < 1e-5 || !Number.isFinite(d1) ? 1e-6 : (0.01 * d0) / d1, Math.abs(span));
  const h = Math.sign(span) * h0;

  const y1 = space.combine(y0, [h], [f0]);
  const f1 = field.evaluate(t0 + h, y1);
  const change = space.combine(f1, [-1], [f0]);
  const d2 = (yield* read(norm.value(change, y0, y0))) / h0;
  for (const state of [y1, f1, change]) space.release(state);

  const largest = Math.max(d1, d2);
  let h1 = power(0.01 / largest, 1 / (errorOrder + 1));
  if (largest <= 1e-15) h1 = Math.max(1e-6, h0 * 1e-3);
  // An Euler step out of the field's domain says only that h0 is too long.
  if (!Number.isFinite(largest)) h1 = h0 * 1e-3;
  // Far from the origin of time shorter steps would not change t.
  const least = 2 * resolution * Math.abs(t0);
  return Math.min(Math.max(Math.min(100 * h0, h1), least), Math.abs(span));
}
