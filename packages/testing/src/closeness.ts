/** The largest difference of two vectors, relative to the largest component of the expected one, where that is not 0. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const pairs = Array.from(actual, (value, i) => [value, expected[i] as number] as const);
  const largest = Math.max(0, ...pairs.map(([, e]) => Math.abs(e)));
  const difference = pairs.reduce((worst, [a, e]) => worse(worst, Math.abs(a - e)), 0);
  return largest === 0 ? difference : difference / largest;
}

/** Root mean square of error / (atol + rtol |expected|): SciPy's measure of a solution. */
export function scaledError(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: { readonly rtol: number; readonly atol: number },
): number {
  const squares = Array.from(expected, (e, i) => {
    return (((actual[i] as number) - e) / (tolerance.atol + tolerance.rtol * Math.abs(e))) ** 2;
  });
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}

/** The larger number, where NaN counts as larger than any. */
function worse(a: number, b: number): number {
  return Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : Math.max(a, b);
}
