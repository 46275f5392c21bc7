import type { FunctionRef, Local, ModuleBuilder, Value } from '../index.ts';
import type { FloatLanes, Kept } from './float-lanes.ts';

/**
 * `(x, y: f64) -> f64`, JavaScript's `%` of any two doubles: exact, by subtraction of shifted mantissas, a bit of the
 * quotient at a time.
 */
export function exactRemainder(module: ModuleBuilder): FunctionRef<readonly ['f64']> {
  const make = () =>
    module.function('exactRemainder', { x: 'f64', y: 'f64' }, ['f64'], (f, { x, y }) => {
      const ax = f.let(f.f64.abs(x));
      const ay = f.let(f.f64.abs(y));
      const proper = f.i32.and(f.f64.lt(ax, Number.POSITIVE_INFINITY), f.f64.gt(ay, 0));
      f.if(f.i32.eqz(f.i32.and(proper, f.f64.eq(y, y))), () => f.return(Number.NaN));
      f.if(f.f64.lt(ax, ay), () => f.return(x));
      const exponent = (bits: Local<'i64'>) => {
        const raw = f.let(f.i64.shrU(bits, 52));
        return f.let(f.i64.add(raw, f.i64.extendI32U(f.i64.eqz(raw))));
      };
      const mantissa = (bits: Local<'i64'>) => {
        const implied = f.i64.shl(f.i64.extendI32U(f.i64.ne(f.i64.shrU(bits, 52), 0)), 52);
        return f.let(f.i64.or(implied, f.i64.and(bits, 0xfffffffffffffn)));
      };
      const [xBits, yBits] = [f.let(f.i64.reinterpretF64(ax)), f.let(f.i64.reinterpretF64(ay))];
      const yExponent = exponent(yBits);
      const divisor = mantissa(yBits);
      // A subnormal divisor gets its leading bit in place too.
      const lift = f.let(f.i64.sub(f.i64.clz(divisor), 11));
      f.set(divisor, f.i64.shl(divisor, lift));
      f.set(yExponent, f.i64.sub(yExponent, lift));
      const steps = f.let(f.i64.sub(exponent(xBits), yExponent));
      const rest = mantissa(xBits);
      f.loop((again) => {
        f.if(f.i64.geU(rest, divisor), () => f.set(rest, f.i64.sub(rest, divisor)));
        f.if(f.i64.gtS(steps, 0), () => {
          f.set(rest, f.i64.shl(rest, 1));
          f.set(steps, f.i64.sub(steps, 1));
          f.br(again);
        });
      });
      // The rest as a double: its leading bit in place, or subnormal where the exponent ends.
      f.if(f.i64.eqz(rest), () => f.return(f.f64.copysign(0, x)));
      f.if(f.i64.ltS(yExponent, 1), () => {
        f.set(rest, f.i64.shrU(rest, f.i64.sub(1, yExponent)));
        f.set(yExponent, f.i64.const(1));
      });
      const room = f.let(f.i64.sub(f.i64.clz(rest), 11));
      const short = f.let(f.i64.geS(room, yExponent));
      f.if(short, () => f.set(room, f.i64.sub(yExponent, 1)));
      f.set(rest, f.i64.shl(rest, room));
      const field = f.i64.shl(f.i64.sub(yExponent, room), 52);
      const normal = f.let(f.i64.add(field, f.i64.and(rest, 0xfffffffffffffn)));
      return f.f64.copysign(f.f64.reinterpretI64(f.select('i64', rest, normal, short)), x);
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
