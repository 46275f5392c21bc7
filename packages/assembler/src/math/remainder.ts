import type { FunctionRef, Local, ModuleBuilder, Value } from '../index.ts';
import type { FloatLanes, Kept } from './float-lanes.ts';

/**
 * `(x, y: f64) -> f64`, JavaScript's `%` of any two doubles: long division by |y| times powers of two, a bit of the quotient
 * at a time. All of it is exact, as what is subtracted is never less than half of what it is subtracted from.
 */
export function exactRemainder(module: ModuleBuilder): FunctionRef<readonly ['f64']> {
  const make = () =>
    module.function('exactRemainder', { x: 'f64', y: 'f64' }, ['f64'], (f, { x, y }) => {
      const rest = f.let(f.f64.abs(x));
      const least = f.let(f.f64.abs(y));
      const proper = f.i32.and(f.f64.lt(rest, Number.POSITIVE_INFINITY), f.f64.gt(least, 0));
      f.if(f.i32.eqz(proper), () => f.return(Number.NaN));
      const step = f.let(least);
      const half = f.let(f.f64.mul(rest, 0.5));
      f.loop((again) => {
        f.if(f.f64.le(step, half), () => {
          f.set(step, f.f64.add(step, step));
          f.br(again);
        });
      });
      f.loop((again) => {
        f.if(f.f64.le(step, rest), () => f.set(rest, f.f64.sub(rest, step)));
        f.if(f.f64.gt(step, least), () => {
          f.set(step, f.f64.mul(step, 0.5));
          f.br(again);
        });
      });
      return f.f64.copysign(rest, x);
    });
  return module.once('exactRemainder', make) as FunctionRef<readonly ['f64']>;
}

/** x - y trunc(x/y) of doubles whose quotient is small enough for one division, with 0 <= result < |y| of positive x. */
function remainderOfDoubles(o: FloatLanes, ax: Kept, ay: Kept): Kept {
  const q = o.keep(o.trunc(o.div(ax, ay)));
  // q y exactly, by halves; the quotient may be one too large, as the division rounds.
  const mask = -(1n << 27n);
  const qHigh = o.keep(o.fromBits(o.and(o.toBits(q), mask)) as Value);
  const qLow = o.keep(o.sub(q, qHigh));
  const yHigh = o.keep(o.fromBits(o.and(o.toBits(ay), mask)) as Value);
  const yLow = o.keep(o.sub(ay, yHigh));
  const difference = o.keep(o.fnma(qHigh, yHigh, ax));
  const cross = o.keep(o.fnma(qLow, yHigh, o.fnma(qHigh, yLow, difference)));
  const rest = o.keep(o.fnma(qLow, yLow, cross));
  const raised = o.keep(o.add(rest, ay));
  return o.keep(o.select(raised, rest, o.lt(rest, 0)));
}

/** JavaScript's `%`: exact, with the sign of x. */
export function fmod(o: FloatLanes, x: Kept, y: Kept): Value {
  const { f } = o;
  const ax = o.keep(o.abs(x));
  const ay = o.keep(o.abs(y));
  // Products by halves are exact while the quotient has 26 bits; everything else goes the long way.
  const inRange = o.lt(ax, o.mul(ay, 2 ** 26));
  const normal = o.both(inRange, o.gt(ay, o.pick(0, 2 ** -900)));
  const easy = o.both(
    o.both(normal, o.lt(ay, o.pick(Number.POSITIVE_INFINITY, 2 ** 900))),
    o.lt(ax, Number.POSITIVE_INFINITY),
  );
  const kept = o.keep(easy);
  const all = o.vector ? (o.wide ? f.i64x2 : f.i32x4).allTrue(kept as never) : f.get(kept as Local<'i32'>);
  return f.choose(
    o.type,
    all,
    () => {
      const rest = o.wide
        ? remainderOfDoubles(o, ax, ay)
        : o.inDouble([ax, ay], (d, [a, b]) => [remainderOfDoubles(d, a!, b!)], 1)[0]!;
      return o.copysign(rest, x) as never;
    },
    () => o.perLane(exactRemainder(o.module), x, y) as never,
  );
}

/** The remainder with the sign of y, as tf.mod gives it: ((x % y) + y) % y where x and y differ in sign. */
export function mod(o: FloatLanes, x: Kept, y: Kept): Value {
  const rest = o.keep(fmod(o, x, y));
  const raised = o.keep(o.add(rest, y));
  const zero = o.keep(o.number(0));
  // A sum that rounds to y stands for 0, and for NaN where y is infinite.
  const wrapped = o.keep(o.select(o.keep(o.sub(raised, y)), raised, o.eq(raised, y)));
  const differ = o.differ(o.lt(x, zero), o.lt(y, zero));
  return o.select(wrapped, rest, o.keep(differ));
}
