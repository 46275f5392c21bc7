import type { BinaryFunction, ReduceFunction, UnaryFunction } from './graph.ts';

/** Half to even, as IEEE 754 rounds. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * The error function: its series with positive terms (Abramowitz & Stegun 1964, 7.1.6) where |x| is small, else the
 * continued fraction of its complement (7.1.14).
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x) || a > 6) return Number.isNaN(x) ? x : Math.sign(x);
  if (a < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return ((2 * Math.exp(-x * x)) / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = a;
  for (let n = 60; n > 0; n--) fraction = a + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-x * x) / (fraction * Math.sqrt(Math.PI)));
}

/** What each unary function is, in float64. */
export const unaryFunctions: Readonly<Record<UnaryFunction, (x: number) => number>> = {
  neg: (x) => -x,
  abs: Math.abs,
  sqrt: Math.sqrt,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfEven,
  trunc: Math.trunc,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  atan: Math.atan,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  erf,
};

/** The remainder with the sign of the divisor, exact like `%`. */
function flooredRemainder(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

/** What each binary function is, in float64. */
export const binaryFunctions: Readonly<Record<BinaryFunction, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  mod: flooredRemainder,
  max: Math.max,
  min: Math.min,
  atan2: Math.atan2,
  equal: (a, b) => Number(a === b),
  notEqual: (a, b) => Number(a !== b),
  less: (a, b) => Number(a < b),
  lessEqual: (a, b) => Number(a <= b),
};

/** How each reduction starts, and by which function it goes on. */
export const reduceFunctions: Readonly<
  Record<ReduceFunction, { readonly start: number; readonly by: 'add' | 'mul' | 'max' | 'min' }>
> = {
  sum: { start: 0, by: 'add' },
  prod: { start: 1, by: 'mul' },
  max: { start: Number.NEGATIVE_INFINITY, by: 'max' },
  min: { start: Number.POSITIVE_INFINITY, by: 'min' },
};
