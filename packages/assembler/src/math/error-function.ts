import type { Value } from '../index.ts';
import * as coefficients from './coefficients.ts';
import { reduceExponent } from './exponential.ts';
import type { FloatLanes, Kept } from './float-lanes.ts';

/** erf x = x + x P(x^2) up to 1, and 1 - exp(-Q(|x| - 1)) beyond, with one polynomial for all of the tail. */
export function erf(o: FloatLanes, x: Kept): Value {
  const magnitude = o.keep(o.abs(x));
  const square = o.keep(o.mul(x, x));
  const near = o.keep(o.fma(o.polynomial(square, coefficients.erf), magnitude, magnitude));
  const shifted = o.keep(o.sub(o.atMost(magnitude, o.pick(4, 6)), 1));
  const exponent = o.keep(o.neg(o.polynomial(shifted, coefficients.erfc)));
  const { biased, tail } = reduceExponent(o, exponent);
  const power = o.keep(o.powerOfTwo(biased) as Value);
  // 1 - 2^k - 2^k (e^r - 1)
  const far = o.keep(o.fnma(power, tail, o.sub(1, power)));
  return o.copysign(o.select(near, far, o.lt(magnitude, 1)), x);
}
