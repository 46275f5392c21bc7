/** A rational number, numerator over positive denominator, not necessarily in lowest terms. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const SMALLEST_EXPONENT = 1074; // the smallest positive double is 2^-1074

/**
 * The double nearest to a rational, ties to even, subnormals and overflow included.
 *
 * @param value a rational; its denominator must be positive
 */
export function toDouble({ numerator, denominator }: Rational): number {
  if (numerator < 0n) return -toDouble({ numerator: -numerator, denominator });
  if (numerator === 0n) return 0;
  // Scale by 2^shift so that the integer quotient has the 53 bits of a double, or fewer below 2^-1022.
  let shift = 53 - (bitLength(numerator) - bitLength(denominator));
  if (quotientBits(numerator, denominator, shift) > 53) shift--;
  shift = Math.min(shift, SMALLEST_EXPONENT);
  const [n, d] = scaled(numerator, denominator, shift);
  const quotient = n / d;
  const twiceRest = 2n * (n % d);
  const up = twiceRest > d || (twiceRest === d && quotient % 2n === 1n);
  // By two powers, each of them a normal double: 2^-shift alone may be too small or too large for one.
  const half = Math.trunc(shift / 2);
  return Number(up ? quotient + 1n : quotient) * 2 ** -half * 2 ** (half - shift);
}

/** The exact value of a finite double. */
export function fromDouble(value: number): Rational {
  let numerator = value;
  let exponent = 0;
  while (!Number.isInteger(numerator)) {
    numerator *= 2;
    exponent++;
  }
  return { numerator: BigInt(numerator), denominator: 1n << BigInt(exponent) };
}

/** The least common multiple of the denominators. */
export function commonDenominator(values: Iterable<Rational>): bigint {
  let common = 1n;
  for (const { numerator, denominator } of values) {
    const reduced = denominator / gcd(numerator, denominator);
    common = (common / gcd(common, reduced)) * reduced;
  }
  return common;
}

/** The double nearest to a sum. */
export function fractionSum(terms: readonly Rational[]): number {
  const denominator = commonDenominator(terms);
  const numerator = terms.reduce((sum, term) => sum + (term.numerator * denominator) / term.denominator, 0n);
  return toDouble({ numerator, denominator });
}

/** Greatest common divisor, not negative. */
function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return 4 * (hex.length - 1) + (32 - Math.clz32(Number.parseInt(hex.charAt(0), 16)));
}

function scaled(numerator: bigint, denominator: bigint, shift: number): [bigint, bigint] {
  return shift >= 0 ? [numerator << BigInt(shift), denominator] : [numerator, denominator << BigInt(-shift)];
}

function quotientBits(numerator: bigint, denominator: bigint, shift: number): number {
  const [n, d] = scaled(numerator, denominator, shift);
  return bitLength(n / d);
}
