import { fromDouble, type Rational, toDouble } from './rational.ts';
import type { Coefficient } from './tableau.ts';
import { TableauError } from './tableau-error.ts';

/** A coefficient in both arithmetics. */
export interface ParsedCoefficient {
  /** The nearest double. */
  readonly value: number;
  /** What was written, exactly. */
  readonly rational: Rational;
  /**
   * Whether the author meant this very number: an integer, a fraction, or text of at most 12 digits.
   * Doubles and longer decimals are taken for rounded values.
   */
  readonly exact: boolean;
}

const DECIMAL = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,4}))?$/;
const FRACTION = /^([+-]?\d+)\/(\d+)$/;
const EXACT_DIGITS = 12; // no double is written in so few, unless it was meant so
const EXACT_INTEGER = 2 ** 53;

/**
 * Reads a coefficient exactly.
 *
 * @param coefficient a finite double, or text: an integer, a fraction `'p/q'` or a decimal with
 *   an optional exponent
 * @returns its exact value and the double nearest to it
 * @throws TableauError (`'coefficient'`) when it is malformed, not finite, or divides by zero
 * @example
 * parseCoefficient('35/384').value; // 0.09114583333333333
 */
export function parseCoefficient(coefficient: Coefficient): ParsedCoefficient {
  if (typeof coefficient === 'number') {
    if (!Number.isFinite(coefficient)) throw malformed(coefficient);
    const rational = fromDouble(coefficient);
    return { value: coefficient, rational, exact: Number.isInteger(coefficient) };
  }
  const text = coefficient.trim();
  const fraction = FRACTION.exec(text);
  if (fraction) {
    const rational = { numerator: toBigInt(fraction[1]), denominator: toBigInt(fraction[2]) };
    if (rational.denominator === 0n) throw malformed(coefficient);
    return { value: toDouble(rational), rational, exact: true };
  }
  const decimal = DECIMAL.exec(text);
  const [, sign = '', whole = '', part = '', power = '0'] = decimal ?? [];
  if (!decimal || whole + part === '') throw malformed(coefficient);
  const exponent = Number(power) - part.length;
  const digits = BigInt(whole + part) * (sign === '-' ? -1n : 1n);
  const rational = {
    numerator: exponent > 0 ? digits * 10n ** BigInt(exponent) : digits,
    denominator: exponent < 0 ? 10n ** BigInt(-exponent) : 1n,
  };
  const value = toDouble(rational);
  if (!Number.isFinite(value)) throw malformed(coefficient);
  return { value, rational, exact: (whole + part).replace(/^0+/, '').length <= EXACT_DIGITS };
}

/**
 * The double nearest to a coefficient, without big integers where the answer is the same: IEEE
 * division of two exact integers and JavaScript's own decimal reading are both correctly rounded.
 */
export function coefficientValue(coefficient: Coefficient): number {
  if (typeof coefficient === 'number') return coefficient;
  const slash = coefficient.indexOf('/');
  if (slash < 0) return Number(coefficient);
  const numerator = Number(coefficient.slice(0, slash));
  const denominator = Number(coefficient.slice(slash + 1));
  return Math.abs(numerator) <= EXACT_INTEGER && denominator <= EXACT_INTEGER
    ? numerator / denominator
    : parseCoefficient(coefficient).value;
}

function toBigInt(text: string | undefined): bigint {
  return BigInt((text ?? '').replace(/^\+/, ''));
}

function malformed(coefficient: Coefficient): TableauError {
  const shown = typeof coefficient === 'string' ? `'${coefficient}'` : coefficient;
  return new TableauError(
    'coefficient',
    `The coefficient ${shown} is not a finite number: write a double, or exact text such as '35/384', '-0.25' or '5.26e-2'.`,
    { coefficient },
  );
}
