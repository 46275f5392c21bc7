import type { CompiledParts } from '@neural-ode/compiler';
import { type ArrayFunction, type ArrayPullback, type ArrayVjp, type ArrayVjpOptions, odeintVjp } from 'neural-ode';

/** A field on plain numbers: compiled, or a function with its vector-Jacobian product. */
export type PlainField =
  | { readonly f: ArrayFunction & CompiledParts; readonly vjp?: undefined }
  | { readonly f: ArrayFunction; readonly vjp: ArrayVjp };

/** Solves a field in double precision, to be differentiated. */
export function solvePlain(
  { f, vjp }: PlainField,
  y0: readonly number[],
  ts: readonly number[],
  options: ArrayVjpOptions,
): ArrayPullback {
  return vjp ? odeintVjp(f, y0, ts, { ...options, vjp }) : odeintVjp(f, y0, ts, options);
}
