import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder, Value } from '@neural-ode/assembler';
import { powerRange, powerSeries } from '@neural-ode/core';

/** The bits of the square root of one half, without the low word. */
const rootOfHalf = 0x3fe6a09en << 32n;

/**
 * Core's `power(base, exponent)`, operation by operation.
 *
 * @param pow JavaScript's own, for what is special
 */
export function emitPower(module: ModuleBuilder, pow: FunctionRef<readonly ['f64']>): FunctionRef<readonly ['f64']> {
  const { log2, exp2 } = powerSeries;
  return module.function('power', { base: 'f64', exponent: 'f64' }, ['f64'], (f, { base, exponent }) => {
    const { f64, i64 } = f;
    const inside = f.i32.and(f64.gt(base, powerRange.least), f64.lt(base, powerRange.largest));
    f.if(f.i32.eqz(inside), () => f.return(f.call(pow, base, exponent)));
    const bits = f.let(i64.reinterpretF64(base));
    const k = f.let(i64.shrS(i64.sub(bits, rootOfHalf), 52));
    const m = f.let(f64.reinterpretI64(i64.sub(bits, i64.shl(k, 52))));
    const s = f.let(f64.div(f64.sub(m, 1), f64.add(m, 1)));
    const u = f.let(f64.mul(s, s));
    const v = f.let(f64.mul(u, u));
    const [low, high] = [four(f, log2, u, v), four(f, log2.slice(4), u, v)];
    const series = f64.add(low, f64.mul(f64.mul(v, v), high));
    const log = f.let(f64.mul(s, f.let(series)));
    const p = f.let(f64.mul(exponent, f.let(f64.add(f64.convertI64S(k), log))));
    f.if(f.i32.eqz(f64.lt(f64.abs(p), powerRange.exponent)), () => f.return(f.call(pow, base, exponent)));
    const n = f.let(f64.floor(f64.add(p, 0.5)));
    const x = f.let(f64.sub(p, n));
    const g = f.let(f64.mul(x, x));
    const h = f.let(f64.mul(g, g));
    const parts = [0, 4, 8].map((from) => four(f, exp2.slice(from), x, g)) as [
      Local<'f64'>,
      Local<'f64'>,
      Local<'f64'>,
    ];
    const lower = f.let(f64.add(parts[0], f64.mul(h, parts[1])));
    const sum = f.let(f64.add(lower, f64.mul(f64.mul(h, h), parts[2])));
    return f64.reinterpretI64(i64.add(i64.reinterpretF64(sum), i64.shl(i64.truncSatF64S(n), 52)));
  });
}

/** c0 + c1 x + x2 (c2 + c3 x). */
function four(f: FunctionBuilder, c: readonly number[], x: Local<'f64'>, x2: Local<'f64'>): Local<'f64'> {
  const pair = (n: number): Value<'f64'> => f.f64.add(f.f64.const(c[n] as number), f.f64.mul(x, c[n + 1] as number));
  return f.let(f.f64.add(pair(0), f.f64.mul(x2, pair(2))));
}
