import type { ArrayFunction, ArrayVjp } from '@neural-ode/core';

/** r_i' = k2 v_i, v_i' = k1 sum_j m_j (r_j - r_i) / |r_j - r_i|^3; positions first, masses as parameters. */
export function threeBodyField(k1: number, k2: number): ArrayFunction {
  return (_t, y, masses) => {
    const slope = y.map((_, i) => (i < 9 ? k2 * at(y, i + 9) : 0));
    for (const [i, j] of pairs) {
      const { d, distance } = between(y, i, j);
      for (let k = 0; k < 3; k++) {
        slope[9 + 3 * i + k] = at(slope, 9 + 3 * i + k) + (k1 * at(masses, j) * at(d, k)) / distance ** 3;
      }
    }
    return slope;
  };
}

/** Its vector-Jacobian product. */
export function threeBodyVjp(k1: number, k2: number): ArrayVjp {
  return (_t, y, v, masses) => {
    const back = y.map((_, i) => (i < 9 ? 0 : k2 * at(v, i - 9)));
    const p = masses.map(() => 0);
    for (const [i, j] of pairs) {
      const { d, distance } = between(y, i, j);
      const w = v.slice(9 + 3 * i, 12 + 3 * i);
      const along = d.reduce((sum, x, k) => sum + x * at(w, k), 0);
      p[j] = at(p, j) + (k1 * along) / distance ** 3;
      for (let k = 0; k < 3; k++) {
        const g = k1 * at(masses, j) * (at(w, k) / distance ** 3 - (3 * at(d, k) * along) / distance ** 5);
        back[3 * j + k] = at(back, 3 * j + k) + g;
        back[3 * i + k] = at(back, 3 * i + k) - g;
      }
    }
    return { y: back, p };
  };
}

const pairs = [0, 1, 2].flatMap((i) => [0, 1, 2].filter((j) => j !== i).map((j) => [i, j] as const));

function between(y: Float64Array, i: number, j: number) {
  const d = [0, 1, 2].map((k) => at(y, 3 * j + k) - at(y, 3 * i + k));
  return { d, distance: Math.hypot(...d) };
}

function at(values: ArrayLike<number>, i: number): number {
  return values[i] as number;
}
