import type { Value } from '../index.ts';
import type { FloatLanes, Kept } from './float-lanes.ts';

/** -1, 1, or the argument where it is a zero or NaN. */
export function sign(o: FloatLanes, x: Kept): Value {
  const one = o.keep(o.copysign(o.number(1), x));
  return o.select(one, x, o.gt(o.abs(x), 0));
}

export function rsqrt(o: FloatLanes, x: Kept): Value {
  return o.div(1, o.sqrt(x));
}
