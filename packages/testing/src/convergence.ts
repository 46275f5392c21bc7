/** Number of points that the slope is fitted through, and their ratio. */
const fitted = 6;
const ratio = 2 ** 0.25;

/**
 * The order at which an error falls with the number of steps: the slope through the finest few numbers of steps whose
 * error is no round-off.
 *
 * @param errorAt the error with n steps, which may be infinite
 * @param options errors under `floor` are round-off; n goes from `from` to `to` at most, defaults 4 and 2000
 */
export function convergenceOrder(
  errorAt: (n: number) => number,
  options: { readonly floor: number; readonly from?: number; readonly to?: number },
): number {
  const { floor, from = 4, to = 2000 } = options;
  const points: { x: number; y: number }[] = [];
  for (let n = from; n <= to; n = Math.ceil(n * ratio)) {
    const error = errorAt(n);
    if (error < floor) break;
    if (Number.isFinite(error)) points.push({ x: Math.log(n), y: Math.log(error) });
  }
  const finest = points.slice(-fitted);
  if (finest.length < fitted) throw new Error(`Only ${finest.length} errors above ${floor}: start from fewer steps.`);
  const mean = (f: (p: { x: number; y: number }) => number) => finest.reduce((sum, p) => sum + f(p), 0) / fitted;
  const [x, y] = [mean((p) => p.x), mean((p) => p.y)];
  return -mean((p) => (p.x - x) * (p.y - y)) / mean((p) => (p.x - x) ** 2);
}
