import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../index.ts';
import { halfPi, halfPiHalves, twoOverPiWords } from './coefficients.ts';

/**
 * `(x: f64) -> (high, low: f64, quadrant: i64)`: a large finite x is quadrant pi/2 + high + low, with |high| <= pi/4 and the
 * quadrant modulo 4. x times 2/pi in integers, of which only the bits that count are multiplied (Payne and Hanek, ACM
 * SIGNUM Newsletter 18, 1983; Muller, Elementary Functions, 2016, section 11.4).
 */
export function hugeAngle(module: ModuleBuilder): FunctionRef<readonly ['f64', 'f64', 'i64']> {
  const make = () =>
    module.function('hugeAngle', { x: 'f64' }, ['f64', 'f64', 'i64'], (f, { x }) => {
      const bits = f.let(f.i64.reinterpretF64(x));
      const mantissa = f.let(f.i64.or(f.i64.and(bits, 0xfffffffffffffn), 1n << 52n));
      // x = mantissa 2^e. Bits of 2/pi before the one at e - 1 give multiples of 4; the table has 64 zeros in front.
      const exponent = f.i64.and(f.i64.shrU(bits, 52), 0x7ff);
      const position = f.let(f.i32.sub(f.i32.wrapI64(exponent), 1075 + 2 - 64));
      const index = f.let(f.i32.shrU(position, 5));
      const shift = f.let(f.i64.extendI32U(f.i32.and(position, 31)));
      // Windows of 32-bit halves: word i holds bits 32 (index + i) and on.
      const window = [0, 2, 4].map((first) => {
        const high = f.let(wordAt(f, module, index, first));
        const next = f.let(wordAt(f, module, index, first + 2));
        const rest = f.i64.shrU(f.i64.shrU(next, 1), f.i64.sub(63, shift));
        return f.let(f.i64.or(rest, f.i64.shl(high, shift)));
      }) as [Local<'i64'>, Local<'i64'>, Local<'i64'>];
      // The product modulo 2^192, in three words, is the number of quadrants at the scale 2^190.
      const upper = multiplyHigh(module);
      const last = f.let(f.i64.mul(mantissa, window[2]));
      const middleLow = f.let(f.i64.mul(mantissa, window[1]));
      const middle = f.let(f.i64.add(middleLow, f.call(upper, mantissa, window[2])));
      const carry = f.i64.extendI32U(f.i64.ltU(middle, middleLow));
      const top = f.let(
        f.i64.add(f.i64.add(carry, f.i64.mul(mantissa, window[0])), f.call(upper, mantissa, window[1])),
      );
      const quadrant = f.let(f.i64.shrU(f.i64.add(top, 1n << 61n), 62));
      // The signed rest, then its magnitude (one unit in the last place of 192 bits is nothing here).
      f.set(top, f.i64.sub(top, f.i64.shl(quadrant, 62)));
      const negative = f.let(f.i64.shrS(top, 63));
      for (const word of [top, middle, last]) f.set(word, f.i64.xor(word, negative));
      const zeros = f.let(f.i64.clz(top));
      // At most 62 leading zeros: no double is nearer to a multiple of pi/2.
      const merge = (high: Local<'i64'>, low: Local<'i64'>) =>
        f.i64.or(f.i64.shl(high, zeros), f.i64.shrU(f.i64.shrU(low, 1), f.i64.sub(63, zeros)));
      f.set(top, merge(top, middle));
      f.set(middle, merge(middle, last));
      const scale = f.let(f.f64.reinterpretI64(f.i64.shl(f.i64.sub(1023 - 51, zeros), 52)));
      const high = f.let(f.f64.mul(f.f64.convertI64U(f.i64.shrU(top, 11)), scale));
      const lowBits = f.i64.or(f.i64.shl(top, 53), f.i64.shrU(middle, 11));
      const low = f.let(f.f64.mul(f.f64.mul(f.f64.convertI64U(lowBits), 2 ** -64), scale));
      // Times pi/2, in two doubles; halves of 26 bits multiply exactly.
      const product = f.let(f.f64.mul(high, halfPi[0]));
      const highPart = f.let(f.f64.reinterpretI64(f.i64.and(f.i64.reinterpretF64(high), -(1n << 27n))));
      const lowPart = f.let(f.f64.sub(high, highPart));
      const [piHigh, piLow] = halfPiHalves;
      let error = f.f64.sub(f.f64.mul(highPart, piHigh), product);
      error = f.f64.add(error, f.f64.mul(highPart, piLow));
      error = f.f64.add(error, f.f64.mul(lowPart, piHigh));
      error = f.f64.add(error, f.f64.mul(lowPart, piLow));
      error = f.f64.add(error, f.f64.mul(high, halfPi[1]));
      const rest = f.let(f.f64.add(error, f.f64.mul(low, halfPi[0])));
      const sum = f.let(f.f64.add(product, rest));
      f.set(rest, f.f64.add(f.f64.sub(product, sum), rest));
      const sign = f.let(f.i64.and(f.i64.xor(bits, negative), -(1n << 63n)));
      const signed = (value: Local<'f64'>) => f.f64.reinterpretI64(f.i64.xor(f.i64.reinterpretF64(value), sign));
      // Infinity and NaN have no quadrant.
      const finite = f.let(f.f64.lt(f.f64.abs(x), Number.POSITIVE_INFINITY));
      const xNegative = f.let(f.i64.shrS(bits, 63));
      return [
        f.select('f64', signed(sum), Number.NaN, finite),
        signed(rest),
        f.i64.sub(f.i64.xor(quadrant, xNegative), xNegative),
      ] as const;
    });
  return module.once('hugeAngle', make) as FunctionRef<readonly ['f64', 'f64', 'i64']>;
}

/** 64 bits of 2/pi from 32 (index + first) on. */
function wordAt(f: FunctionBuilder, module: ModuleBuilder, index: Local<'i32'>, first: number) {
  return f.call(twoOverPi(module), f.i32.add(index, first));
}

/** `(i: i32) -> i64`: the table as code, so that a module needs no memory for it. */
function twoOverPi(module: ModuleBuilder): FunctionRef<readonly ['i64']> {
  const halves = twoOverPiWords.flatMap((word) => [word >> 32n, word & 0xffffffffn]);
  const make = () =>
    module.function('twoOverPi', { i: 'i32' }, ['i64'], (f, { i }) => {
      const word = f.local('i64');
      const open = (n: number, labels: Parameters<typeof f.brTable>[0]): void => {
        if (n < 0) {
          f.brTable([...labels].reverse(), labels[0]!, i);
          return;
        }
        f.block((label) => open(n - 1, [...labels, label]));
        f.return((halves[n]! << 32n) | (halves[n + 1] ?? 0n));
      };
      f.block((label) => open(halves.length - 1, [label]));
      return word;
    });
  return module.once('twoOverPi', make) as FunctionRef<readonly ['i64']>;
}

/** `(a, b: i64) -> i64`: the upper half of the unsigned product. */
function multiplyHigh(module: ModuleBuilder): FunctionRef<readonly ['i64']> {
  const make = () =>
    module.function('multiplyHigh', { a: 'i64', b: 'i64' }, ['i64'], (f, { a, b }) => {
      const lower = (x: Local<'i64'>) => f.let(f.i64.and(x, 0xffffffffn));
      const upper = (x: Local<'i64'>) => f.let(f.i64.shrU(x, 32));
      const [a0, a1, b0, b1] = [lower(a), upper(a), lower(b), upper(b)];
      const cross = f.let(f.i64.add(f.i64.shrU(f.i64.mul(a0, b0), 32), f.i64.mul(a1, b0)));
      const other = f.let(f.i64.add(f.i64.and(cross, 0xffffffffn), f.i64.mul(a0, b1)));
      return f.i64.add(f.i64.add(f.i64.mul(a1, b1), f.i64.shrU(cross, 32)), f.i64.shrU(other, 32));
    });
  return module.once('multiplyHigh', make) as FunctionRef<readonly ['i64']>;
}
