import type { ArrayFunction, ArrayVjp } from 'neural-ode';

/** y1' = y2, y2' = (mu - y1^2) y2 - y1 from (2, 0) to T = 20, where the loss is |y(T)|^2. */
export const vanDerPol: {
  readonly f: ArrayFunction;
  readonly vjp: ArrayVjp;
  readonly y0: readonly number[];
  readonly ts: readonly [number, number];
  readonly parameters: readonly number[];
} = {
  f: (_t, [y1 = 0, y2 = 0], [mu = 0]) => [y2, (mu - y1 ** 2) * y2 - y1],
  vjp: (_t, [y1 = 0, y2 = 0], [v1 = 0, v2 = 0], [mu = 0]) => ({
    y: [v2 * (-2 * y1 * y2 - 1), v1 + v2 * (mu - y1 ** 2)],
    p: [v2 * y2],
  }),
  y0: [2, 0],
  ts: [0, 20],
  parameters: [0.15],
};
