/**
 * df/dx at `x` by central differences of order 6: for a smooth f with values near 1 good to about 1e-12.
 *
 * @param step spacing of the six points; default 1e-2 of x, or 1e-2 where |x| < 1
 */
export function derivative(
  f: (x: number) => number,
  x: number,
  step: number = 1e-2 * Math.max(1, Math.abs(x)),
): number {
  const difference = (n: number) => (f(x + n * step) - f(x - n * step)) / step;
  return 0.75 * difference(1) - 0.15 * difference(2) + difference(3) / 60;
}

/** The partial derivatives of f at `x`, one component after the other, likewise. */
export function gradientByDifferences(
  f: (x: readonly number[]) => number,
  x: readonly number[],
  step?: number,
): number[] {
  return x.map((value, i) => derivative((shifted) => f(x.with(i, shifted)), value, step));
}

/** The directional derivative of f at `x` along `direction`, likewise. */
export function directionalDerivative(
  f: (x: readonly number[]) => number,
  x: readonly number[],
  direction: readonly number[],
  step?: number,
): number {
  return derivative((s) => f(x.map((value, i) => value + s * (direction[i] as number))), 0, step);
}
