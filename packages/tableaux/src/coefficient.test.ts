import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coefficientValue, parseCoefficient } from './coefficient.ts';
import { fromDouble, type Rational, toDouble } from './rational.ts';
import { TableauError } from './tableau-error.ts';

const bits = new DataView(new ArrayBuffer(8));

/** The double `steps` places further, for positive doubles. */
function neighbour(value: number, steps: bigint): number {
  bits.setFloat64(0, value);
  bits.setBigUint64(0, bits.getBigUint64(0) + steps);
  return bits.getFloat64(0);
}

/** |x - y| times both denominators, for comparison. */
function distance(x: Rational, y: Rational): bigint {
  const difference = x.numerator * y.denominator - y.numerator * x.denominator;
  return difference < 0n ? -difference : difference;
}

describe('toDouble', () => {
  const positive = fc.bigInt({ min: 1n, max: 10n ** 200n });

  it('is the nearest double of fractions far over 2^53', () => {
    fc.assert(
      fc.property(positive, positive, (numerator, denominator) => {
        const exact = { numerator, denominator };
        const value = toDouble(exact);
        const error = (x: number): [bigint, bigint] => [distance(fromDouble(x), exact), fromDouble(x).denominator];
        const [own, ownScale] = error(value);
        for (const steps of [-1n, 1n]) {
          const [other, otherScale] = error(neighbour(value, steps));
          expect(own * otherScale <= other * ownScale).toBe(true);
        }
      }),
    );
  });

  it('inverts fromDouble for every finite double, subnormal ones too', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(toDouble(fromDouble(value))).toBe(value === 0 ? 0 : value);
      }),
      { numRuns: 1000 },
    );
  });

  it('rounds ties to even, underflows and overflows', () => {
    const two = 2n ** 53n;
    expect(toDouble({ numerator: two + 1n, denominator: 1n })).toBe(2 ** 53);
    expect(toDouble({ numerator: two + 3n, denominator: 1n })).toBe(2 ** 53 + 4);
    expect(toDouble({ numerator: 1n, denominator: 2n ** 1075n })).toBe(0);
    expect(toDouble({ numerator: 3n, denominator: 2n ** 1076n })).toBe(Number.MIN_VALUE);
    expect(toDouble({ numerator: -(2n ** 1024n), denominator: 1n })).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe('parseCoefficient', () => {
  it('reads a fraction as IEEE division does where that is exact', () => {
    const integer = fc.maxSafeInteger();
    fc.assert(
      fc.property(
        integer,
        integer.filter((q) => q > 0),
        (p, q) => {
          expect(parseCoefficient(`${p}/${q}`).value).toBe(p === 0 ? 0 : p / q);
          expect(coefficientValue(`${p}/${q}`)).toBe(p / q);
        },
      ),
    );
  });

  it('reads a decimal as JavaScript does', () => {
    const decimal = fc
      .tuple(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.nat(40), fc.integer({ min: -320, max: 250 }))
      .map(([digits, point, exponent]) => {
        const text = String(digits < 0n ? -digits : digits).padStart(point + 1, '0');
        const [whole, part] = [text.slice(0, text.length - point), text.slice(text.length - point)];
        return `${digits < 0n ? '-' : ''}${whole}.${part}e${exponent}`;
      });
    fc.assert(
      fc.property(decimal, (text) => {
        expect(parseCoefficient(text).value === Number(text)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps what was written, exactly', () => {
    expect(parseCoefficient('-1.5e-2').rational).toEqual({ numerator: -15n, denominator: 1000n });
    expect(parseCoefficient('2e3').rational).toEqual({ numerator: 2000n, denominator: 1n });
    expect(parseCoefficient(0.75).rational).toEqual({ numerator: 3n, denominator: 4n });
  });

  it('takes fractions, integers and short decimals for exact, doubles and long decimals for rounded', () => {
    const exact = ['35/384', '0', '0.161', '-1', 2].map((x) => parseCoefficient(x).exact);
    expect(exact).toEqual([true, true, true, true, true]);
    const rounded = [0.1, '0.3333333333333333'].map((x) => parseCoefficient(x).exact);
    expect(rounded).toEqual([false, false]);
  });

  it.each(['', '.', '1/0', '1//2', '1/-2', '0x10', '1e', '1e999', 'NaN', '1 000', Number.NaN, Infinity])(
    'refuses %j',
    (text) => {
      expect(() => parseCoefficient(text)).toThrow(TableauError);
    },
  );
});
