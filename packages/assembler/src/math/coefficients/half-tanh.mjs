/**
 * The rational function of float32's tanh:
 * tanh(x/2) = x/2 (1 + z p(z)) / (1 + z q(z)) with z = x^2, by the Remez exchange for rational functions. Doubling the
 * argument, tanh x = 2u/(1 + u^2), shrinks an error of u by cosh x, so that is how much more is allowed far out.
 */
/** Of ends around 9, the one with which every float32 comes out within 4 units in the last place. */
const end = 9.04;
const [top, bottom] = [2, 3];
const count = top + bottom + 2;
const u = (x) => Math.tanh(x / 2);
const share = (x) => Math.max(1 / Math.cosh(x), 2e-4);
const polynomial = (a, z) => a.reduceRight((sum, c) => sum * z + c, 0);

/** Solves a dense linear system by elimination with partial pivots. */
function solve(rows) {
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    const pivot = rows
      .slice(k)
      .reduce((best, row, i) => (Math.abs(row[k]) > Math.abs(rows[best][k]) ? k + i : best), k);
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    for (const row of rows.slice(k + 1)) {
      const factor = row[k] / rows[k][k];
      for (let j = k; j <= n; j++) row[j] -= factor * rows[k][j];
    }
  }
  const x = new Array(n).fill(0);
  for (let k = n - 1; k >= 0; k--) {
    x[k] = (rows[k][n] - rows[k].slice(k + 1, n).reduce((sum, a, j) => sum + a * x[k + 1 + j], 0)) / rows[k][k];
  }
  return x;
}

const error = (a, b, x) => {
  const z = (x / end) ** 2;
  return ((x * polynomial(a, z)) / polynomial(b, z) / u(x) - 1) * share(x);
};

/** Numerator and denominator, in powers of (x / end)^2, whose error is the same at all nodes, with alternating signs. */
function level(nodes, a, b, e) {
  for (let turn = 0; turn < 30; turn++) {
    // x a = u (1 + s e) b, with the product of the unknowns e and b linearised.
    const rows = nodes.map((x, i) => {
      const z = (x / end) ** 2;
      const s = (i % 2 ? -1 : 1) / share(x);
      const known = polynomial(b, z);
      const numerator = Array.from({ length: top + 1 }, (_, j) => (x * z ** j) / u(x));
      const denominator = Array.from({ length: bottom }, (_, j) => -(1 + s * e) * z ** (j + 1));
      return [...numerator, ...denominator, -s * known, 1 + s * e - s * e * known];
    });
    const x = solve(rows);
    a = x.slice(0, top + 1);
    b = [1, ...x.slice(top + 1, -1)];
    e = x.at(-1);
  }
  return [a, b, e];
}

/** p (twice, as it is used) and q, from their constant terms on, in float32, and the largest error. */
export function halfTanh() {
  let nodes = Array.from({ length: count }, (_, i) => (end / 2) * (1 - Math.cos((Math.PI * (i + 0.5)) / count)));
  let [a, b, e] = [[0.5], [1], 0];
  for (let turn = 0; turn < 40; turn++) {
    [a, b, e] = level(nodes, a, b, e);
    const extremes = [];
    for (let i = 1; i <= 40_000; i++) {
      const x = (end * i) / 40_000;
      const at = error(a, b, x);
      const last = extremes.at(-1);
      if (!last || last.at > 0 !== at > 0) extremes.push({ x, at });
      else if (Math.abs(at) > Math.abs(last.at)) extremes[extremes.length - 1] = { x, at };
    }
    if (extremes.length !== count) throw new Error(`${extremes.length} extremes.`);
    nodes = extremes.map(({ x }) => x);
  }
  const scaled = (c) => c.map((value, j) => value / end ** (2 * j)).slice(1);
  return { p: scaled(a).map((value) => Math.fround(2 * value)), q: scaled(b).map(Math.fround), error: Math.abs(e) };
}
