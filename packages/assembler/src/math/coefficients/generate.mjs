/**
 * Derives every coefficient and constant of the elementary functions and writes ../coefficients.ts:
 *   node packages/assembler/src/math/coefficients/generate.mjs
 */
import { writeFileSync } from 'node:fs';
import * as real from './fixed-point.mjs';
import { halfTanh } from './half-tanh.mjs';
import { remez } from './remez.mjs';

const { one, mul, div, abs, sqrt } = real;
const halfLn2 = 0.34658;
const quarterPi = 0.6169; // its square

/** Of an odd function g: (g(s)/s - 1)/s^2 of z = s^2. */
const odd = (g) => (z) => {
  const s = sqrt(z);
  return div(div(g(s), s) - one, z);
};

/** f, its weight in the result's relative error, the interval, the degrees in float32 and float64. */
const polynomials = {
  expm1: {
    what: 'e^r = 1 + r + r^2 p(r), |r| <= ln(2)/2',
    f: (r) => div(real.expm1(r) - r, mul(r, r)),
    weight: abs,
    interval: [-halfLn2, halfLn2],
    degrees: [4, 9],
  },
  log: {
    what: 'ln((1 + s)/(1 - s)) = 2 s + s^3 p(s^2), |s| <= 3 - 2 sqrt(2)',
    f: (z) => 2n * odd(real.atanh)(z),
    weight: (z) => z / 2n,
    interval: [0, 0.0295],
    degrees: [2, 6],
  },
  log1pUnit: {
    what: 'the same for |s| <= 1/3',
    f: (z) => 2n * odd(real.atanh)(z),
    weight: (z) => z / 2n,
    interval: [0, 0.11112],
    degrees: [4, 10],
  },
  logTail: {
    what: 'ln((1 + s)/(1 - s)) = 2/3 s (3 + s^2 + s^4 p(s^2)), |s| <= 3 - 2 sqrt(2)',
    f: (z) => div(3n * div(real.atanh(sqrt(z)), sqrt(z)) - 3n * one - z, mul(z, z)),
    weight: (z) => mul(z, z) / 3n,
    interval: [0, 0.0295],
    degrees: [1, 6],
  },
  sin: {
    what: 'sin r = r + r^3 p(r^2), |r| <= pi/4',
    f: odd(real.sin),
    weight: (z) => z,
    interval: [0, quarterPi],
    degrees: [3, 5],
  },
  cos: {
    what: 'cos r = 1 - r^2/2 + r^4 p(r^2), |r| <= pi/4',
    f: (z) => div(real.cos(sqrt(z)) - one + z / 2n, mul(z, z)),
    weight: (z) => mul(z, z),
    interval: [0, quarterPi],
    degrees: [2, 5],
  },
  atan: {
    what: 'atan t = t + t^3 p(t^2), |t| <= sqrt(2) - 1',
    f: odd(real.atan),
    weight: (z) => z,
    interval: [0, 0.17158],
    degrees: [4, 10],
  },
  asin: {
    what: 'asin t = t + t^3 p(t^2), |t| <= 1/2',
    f: odd(real.asin),
    weight: (z) => z,
    interval: [0, 0.25],
    degrees: [4, 11],
  },
  erf: {
    what: 'erf x = x + x p(x^2), |x| <= 1',
    f: (z) => div(real.erf(sqrt(z)), sqrt(z)) - one,
    weight: () => one,
    interval: [0, 1],
    degrees: [6, 11],
  },
  erfc: {
    what: 'erf x = 1 - exp(-p(x - 1)), 1 <= x <= 4 (float32) or 6 (float64)',
    f: (u) => -real.log(one - real.erf(u + one)),
    weight: (u) => div(one - real.erf(u + one), real.erf(u + one)),
    interval: [0, 3],
    wideInterval: [0, 5],
    degrees: [6, 17],
  },
};

/** The nearest float32 or float64 of a real number. */
const round = (a, wide) => (wide ? real.toDouble(a) : Math.fround(real.toDouble(a)));

/** The leading `bits` bits of a positive real number, truncated. */
function leading(a, bits) {
  const shift = BigInt(a.toString(2).length - bits);
  return (a >> shift) << shift;
}

/** A real number as a sum of floats: `parts` of `bits` bits each, then what is left, rounded. */
function split(a, bits, parts, wide) {
  const out = [];
  let rest = a;
  for (let i = 0; i < parts; i++) {
    const part = leading(rest, bits);
    out.push(real.toDouble(part));
    rest -= part;
  }
  return [...out, round(rest, wide)];
}

/** 2/pi by Machin's formula, `bits` of them behind the point, as one integer. */
function twoOverPi(bits) {
  const scale = 1n << BigInt(bits + 64);
  const atanInverse = (n) => {
    let sum = 0n;
    let power = scale / n;
    for (let k = 1n; power !== 0n; k += 2n) {
      sum += (k % 4n === 1n ? power : -power) / k;
      power /= n * n;
    }
    return sum;
  };
  const pi = 16n * atanInverse(5n) - 4n * atanInverse(239n);
  return ((2n * scale * scale) / pi) >> 64n;
}

/** The shortest decimal that is read as the number, or, once it is rounded to float32, as that float32. */
function written(x, wide) {
  for (let digits = 1; !wide && digits < 10; digits++) {
    const short = Number(x.toPrecision(digits));
    if (Math.fround(short) === x) return short;
  }
  return x;
}

const listed = (numbers, wide = true) => `[${numbers.map((x) => written(x, wide)).join(', ')}]`;

const kinds = [
  ['float32', false],
  ['float64', true],
];
const lines = [
  '// Written by coefficients/generate.mjs: minimax polynomials, found by the Remez exchange.',
  '',
  '/** A polynomial from its constant term on. */',
  'type Polynomial = readonly number[];',
  '',
  '/** One for each precision; behind each is the base-2 logarithm of its largest relative error in the result. */',
  'export interface Approximation {',
  '  readonly float32: Polynomial;',
  '  readonly float64: Polynomial;',
  '}',
  '',
];
for (const [name, { what, f, weight, interval, wideInterval, degrees }] of Object.entries(polynomials)) {
  lines.push(`/** ${what}. */`, `export const ${name}: Approximation = {`);
  kinds.forEach(([kind, wide], which) => {
    const [a, b] = (wide && wideInterval) || interval;
    const { coefficients, error } = remez({ f, weight, a, b, degree: degrees[which] });
    lines.push(`  // ${Math.log2(real.toDouble(error)).toFixed(1)}`);
    lines.push(
      `  ${kind}: ${listed(
        coefficients.map((c) => round(c, wide)),
        wide,
      )},`,
    );
  });
  lines.push('};', '');
}
lines.push('/** For powers in float32, which are computed in float64: the same as `logTail` and `expm1`, shorter. */');
lines.push('export const medium: Readonly<Record<"logTail" | "expm1", Polynomial>> = {');
for (const [name, degree] of [
  ['logTail', 2],
  ['expm1', 5],
]) {
  const { f, weight, interval } = polynomials[name];
  const { coefficients, error } = remez({ f, weight, a: interval[0], b: interval[1], degree });
  lines.push(`  // ${Math.log2(real.toDouble(error)).toFixed(1)}`);
  lines.push(`  ${name}: [${coefficients.map((c) => round(c, true)).join(', ')}],`);
}
lines.push('};', '');

const { p, q, error: halfTanhError } = halfTanh();
lines.push(
  '/** tanh(x/2) = (x + x z p(z)) / (2 + 2 z q(z)) with z = x^2, |x| <= 9.04, in float32; its error is multiplied by 1/cosh x. */',
);
lines.push(`// ${Math.log2(halfTanhError).toFixed(1)}`);
lines.push(`export const halfTanh = { p: ${listed(p, false)}, q: ${listed(q, false)} } as const;`);
lines.push('/** ln 2 as a sum, its first part short enough that its product with an exponent is exact. */');
lines.push(
  `export const ln2Parts = { float32: ${listed(split(real.ln2, 15, 1, false), false)}, float64: ${listed(split(real.ln2, 40, 1, true))} } as const;`,
);
lines.push('/** pi/2 as a sum, three parts of 33 bits and the rest. */');
lines.push(`export const halfPiParts = ${listed(split(real.pi / 2n, 33, 3, true))} as const;`);
lines.push('/** pi/4, rounded, and the rest. */');
const rounded = (a, wide) => {
  const high = round(a, wide);
  return [high, round(a - real.fromDouble(high), wide)];
};
lines.push(
  `export const quarterPi = { float32: ${listed(rounded(real.pi / 4n, false), false)}, float64: ${listed(rounded(real.pi / 4n, true))} } as const;`,
);
lines.push('/** pi/2, rounded, and the rest. */');
lines.push(`export const halfPi = ${listed(rounded(real.pi / 2n, true))} as const;`);
lines.push('/** The rounded pi/2 as 26 bits and the rest, whose products with other such halves are exact. */');
lines.push(`export const halfPiHalves = ${listed(split(real.fromDouble(Math.PI / 2), 26, 1, true))} as const;`);
lines.push('/** 2/(3 ln 2) and ln 2: 21 bits, and the rest. */');
lines.push(`export const log2Scale = ${listed(split(div(2n * one, 3n * real.ln2), 21, 1, true))} as const;`);
lines.push(`export const ln2Short = ${listed(split(real.ln2, 21, 1, true))} as const;`);
lines.push('/** 64 zeros, then the bits of 2/pi behind the point, as 64-bit words. */');
const words = 21;
const table = twoOverPi(64 * (words - 1));
const hex = Array.from(
  { length: words },
  (_, i) => `0x${((table >> BigInt(64 * (words - 1 - i))) & 0xffffffffffffffffn).toString(16)}n`,
);
lines.push(`export const twoOverPiWords: readonly bigint[] = [${hex.join(', ')}];`, '');
writeFileSync(new URL('../coefficients.ts', import.meta.url), lines.join('\n'));
