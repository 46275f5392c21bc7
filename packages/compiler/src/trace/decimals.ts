const powersOfTen = Array.from({ length: 23 }, (_, n) => Number(`1e${n}`));

/** The nearest number with so many decimal digits. */
function rounded(x: number, digits: number): number {
  const places = digits - 1 - Math.floor(Math.log10(Math.abs(x)));
  // These powers are exact, so one division or product rounds as reading the decimal would; many times faster than text.
  const power = powersOfTen[Math.abs(places)];
  if (power === undefined) return Number(x.toPrecision(digits));
  return places >= 0 ? Math.round(x * power) / power : Math.round(x / power) * power;
}

/**
 * The double that is meant by a float32: a decimal of up to seven digits that rounds to it, if there is one. 0.1 stored as
 * float32 is 0.10000000149..., and comes back as 0.1. The change is less than half a unit in the last place of float32, so
 * the number is the same when it is rounded to float32 again.
 *
 * @param x a float32 value; any other number is returned as it is
 */
export function meantDouble(x: number): number {
  if (!Number.isFinite(x) || Math.fround(x) !== x || (Number.isInteger(x) && Math.abs(x) < 2 ** 24)) return x;
  for (const digits of [6, 7]) {
    const decimal = rounded(x, digits);
    if (Math.fround(decimal) === x) return decimal;
  }
  return x;
}

/** {@link meantDouble} of each value. */
export function meantDoubles(values: ArrayLike<number>): Float64Array {
  // Not by `from` and its callback: weights are many.
  const doubles = new Float64Array(values.length);
  for (let n = 0; n < doubles.length; n++) doubles[n] = meantDouble(values[n] as number);
  return doubles;
}
