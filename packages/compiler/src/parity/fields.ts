import * as tf from '@tensorflow/tfjs-core';
import { randomNumbers } from '../graph/random-program.ts';
import {
  add,
  cos,
  div,
  mul,
  neg,
  product,
  type Scalar,
  type ScalarField,
  sigmoid,
  sin,
  sqrt,
  sub,
  tanh,
} from './scalar-tape.ts';

/** A field twice: in tfjs operations, and by hand, one number after the other. */
export interface FieldPair {
  readonly tensors: (t: tf.Scalar, y: tf.Tensor1D, p: tf.Tensor1D) => tf.Tensor;
  readonly scalars: ScalarField;
  readonly y0: readonly number[];
  readonly parameters: readonly number[];
  readonly t1: number;
  /** Whether it has kinks: near one, a rounding decides how large a chosen step is. */
  readonly kinks?: true;
}

const weights = (count: number, seed: number) => {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, () => 1.4 * random() - 0.7);
};
const zero: Scalar = { value: 0, from: [], bar: 0 };
const each = (x: tf.Tensor1D) => tf.unstack(x) as tf.Scalar[];
/** Cuts a list into parts of given lengths. */
function cut(p: readonly Scalar[], lengths: readonly number[]): Scalar[][] {
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return p.slice(end - length, end);
  });
}
const sums = (a: readonly Scalar[], b: readonly Scalar[]) => a.map((x, n) => add(x, b[n] as Scalar));

/** A network 3-8-3 on two states. */
const mlp: FieldPair = {
  tensors: (_t, y, p) => {
    const [w1, b1, w2, b2] = tf.split(p, [24, 8, 24, 3]) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const hidden = tf.tanh(tf.add(tf.matMul(tf.reshape(y, [2, 3]), tf.reshape(w1, [3, 8])), b1));
    return tf.reshape(tf.add(tf.matMul(hidden, tf.reshape(w2, [8, 3])), b2), [6]);
  },
  scalars: (_t, y, p) => {
    const [w1, b1, w2, b2] = cut(p, [24, 8, 24, 3]) as [Scalar[], Scalar[], Scalar[], Scalar[]];
    return [y.slice(0, 3), y.slice(3)].flatMap((row) =>
      sums(product(sums(product(row, w1, 8), b1).map(tanh), w2, 3), b2),
    );
  },
  y0: weights(6, 1),
  parameters: weights(59, 2),
  t1: 1,
};

/** A GRU cell of three units, driven by sin t: h' = (1 - z) (g - h) (De Brouwer et al. 2019, equation 3). */
const gru: FieldPair = {
  tensors: (t, h, p) => {
    const [wz, wr, wg, bias] = tf.split(p, [12, 12, 12, 3]).map((w, n) => (n < 3 ? tf.reshape(w, [4, 3]) : w)) as [
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor,
    ];
    const joint = (state: tf.Tensor) => tf.expandDims(tf.concat([tf.reshape(tf.sin(t), [1]), state]), 0);
    const z = tf.sigmoid(tf.add(tf.matMul(joint(h), wz), bias));
    const r = tf.sigmoid(tf.matMul(joint(h), wr));
    const g = tf.tanh(tf.matMul(joint(tf.mul(tf.reshape(r, [3]), h)), wg));
    return tf.reshape(tf.mul(tf.sub(1, z), tf.sub(g, h)), [3]);
  },
  scalars: (t, h, p) => {
    const [wz, wr, wg, bias] = cut(p, [12, 12, 12, 3]) as [Scalar[], Scalar[], Scalar[], Scalar[]];
    const drive = sin(t);
    const z = sums(product([drive, ...h], wz, 3), bias).map(sigmoid);
    const r = product([drive, ...h], wr, 3).map(sigmoid);
    const reset = h.map((x, n) => mul(r[n] as Scalar, x));
    const g = product([drive, ...reset], wg, 3).map(tanh);
    return h.map((x, n) => mul(sub(1, z[n] as Scalar), sub(g[n] as Scalar, x)));
  },
  y0: weights(3, 3),
  parameters: weights(39, 4),
  t1: 2,
};

/** Four bodies in a plane, softened gravity; the masses are the parameters. */
const nBody: FieldPair = {
  tensors: (_t, y, masses) => {
    const [positions, velocities] = tf.split(tf.reshape(y, [8, 2]), 2) as [tf.Tensor2D, tf.Tensor2D];
    const apart = tf.sub(tf.expandDims(positions, 0), tf.expandDims(positions, 1));
    const cubes = tf.pow(tf.add(tf.sum(tf.square(apart), 2, true), 0.1), 1.5);
    const pulls = tf.mul(apart, tf.div(tf.reshape(masses, [1, 4, 1]), cubes));
    return tf.reshape(tf.concat([velocities, tf.sum(pulls, 1)]), [16]);
  },
  scalars: (_t, y, masses) => {
    const bodies = [0, 1, 2, 3];
    const at = (body: number, axis: number) => y[2 * body + axis] as Scalar;
    const pulls = bodies.flatMap((i) => {
      const terms = bodies.map((j) => {
        const [dx, dy] = [sub(at(j, 0), at(i, 0)), sub(at(j, 1), at(i, 1))];
        const square = add(mul(dx, dx), mul(dy, dy), 0.1);
        const factor = div(masses[j] as Scalar, mul(square, sqrt(square)));
        return [mul(dx, factor), mul(dy, factor)] as const;
      });
      return [add(...terms.map(([x]) => x)), add(...terms.map(([, x]) => x))];
    });
    return [...y.slice(8), ...pulls];
  },
  y0: weights(16, 5),
  parameters: [1, 0.8, 1.2, 0.5],
  t1: 1,
};

/** Robertson's reaction (1966), at its fast start. */
const robertson: FieldPair = {
  tensors: (_t, y, k) => {
    const [a, b, c] = each(y) as [tf.Scalar, tf.Scalar, tf.Scalar];
    const [k1, k2, k3] = each(k) as [tf.Scalar, tf.Scalar, tf.Scalar];
    const first = tf.sub(tf.mul(tf.mul(k3, b), c), tf.mul(k1, a));
    const second = tf.mul(k2, tf.square(b));
    return tf.stack([first, tf.neg(tf.add(first, second)), second]);
  },
  scalars: (_t, [a = zero, b = zero, c = zero], [k1 = zero, k2 = zero, k3 = zero]) => {
    const first = sub(mul(k3, b, c), mul(k1, a));
    const second = mul(k2, b, b);
    return [first, neg(add(first, second)), second];
  },
  y0: [1, 0, 0],
  parameters: [0.04, 3e7, 1e4],
  t1: 0.01,
};

/** The Brusselator (Prigogine & Lefever 1968). */
const brusselator: FieldPair = {
  tensors: (_t, y, p) => {
    const [u, v] = each(y) as [tf.Scalar, tf.Scalar];
    const [a, b] = each(p) as [tf.Scalar, tf.Scalar];
    const cubic = tf.mul(tf.square(u), v);
    return tf.stack([tf.sub(tf.add(a, cubic), tf.mul(tf.add(b, 1), u)), tf.sub(tf.mul(b, u), cubic)]);
  },
  scalars: (_t, [u = zero, v = zero], [a = zero, b = zero]) => {
    const cubic = mul(u, u, v);
    return [sub(add(a, cubic), mul(add(b, 1), u)), sub(mul(b, u), cubic)];
  },
  y0: [1.5, 3],
  parameters: [1, 3],
  t1: 3,
};

/** A damped oscillator that cos t drives. */
const oscillator: FieldPair = {
  tensors: (t, y, p) => {
    const [x, v] = each(y) as [tf.Scalar, tf.Scalar];
    const [stiffness, damping, force] = each(p) as [tf.Scalar, tf.Scalar, tf.Scalar];
    const brake = tf.add(tf.mul(stiffness, x), tf.mul(damping, v));
    return tf.stack([v, tf.sub(tf.mul(force, tf.cos(t)), brake)]);
  },
  scalars: (t, [x = zero, v = zero], [stiffness = zero, damping = zero, force = zero]) => [
    v,
    sub(mul(force, cos(t)), add(mul(stiffness, x), mul(damping, v))),
  ],
  y0: [1, 0],
  parameters: [4, 0.3, 1.5],
  t1: 3,
};

/** Two coupled pendulums from their energy, which tfjs differentiates inside the field. */
const hamiltonian: FieldPair = {
  tensors: (_t, y, p) => {
    const energy = (state: tf.Tensor) => {
      const [q, momentum] = tf.split(state, 2) as [tf.Tensor, tf.Tensor];
      const [q1, q2] = tf.unstack(q) as [tf.Scalar, tf.Scalar];
      const coupling = tf.mul(tf.reshape(p, []), tf.square(tf.sub(q1, q2)));
      return tf.add(tf.sum(tf.sub(tf.mul(0.5, tf.square(momentum)), tf.cos(q))), coupling) as tf.Scalar;
    };
    const [dq, dp] = tf.split(tf.grad(energy)(y), 2) as [tf.Tensor, tf.Tensor];
    return tf.concat([dp, tf.neg(dq)]);
  },
  scalars: (_t, [q1 = zero, q2 = zero, p1 = zero, p2 = zero], [k = zero]) => {
    const pull = mul(2, k, sub(q1, q2));
    return [p1, p2, neg(add(sin(q1), pull)), sub(pull, sin(q2))];
  },
  y0: [0.8, -0.3, 0.1, 0.4],
  parameters: [0.35],
  t1: 3,
};

const knots = [0, 0.5, 1, 1.5];
/** x = x0 + b s + c s^2 on each of three pieces, in two channels: b and c. */
const pieces = [
  [0.4, -0.7, 1.1, 0.3],
  [1.5, -0.4, -0.9, 0.8],
  [0.6, 0.4, 0.5, -1.2],
] as const;

/** A controlled path, y' = F(y) x'(t), whose control is interpolated. */
const controlled: FieldPair = {
  tensors: (t, y, p) => {
    const index = tf.cast(tf.clipByValue(tf.floor(tf.div(t, 0.5)), 0, 2), 'int32');
    const piece = tf.gather(tf.tensor2d(pieces.flat(), [3, 4]), index);
    const s = tf.sub(t, tf.gather(tf.tensor1d(knots), index));
    const [b, c] = tf.split(piece, 2) as [tf.Tensor, tf.Tensor];
    const rate = tf.add(b, tf.mul(c, tf.mul(2, s)));
    const matrix = tf.tanh(tf.matMul(tf.expandDims(y, 0), tf.reshape(p, [2, 4])));
    return tf.reshape(tf.matMul(tf.reshape(matrix, [2, 2]), tf.reshape(rate, [2, 1])), [2]);
  },
  scalars: (t, y, p) => {
    const index = Math.min(Math.max(Math.floor(t.value / 0.5), 0), 2);
    const s = sub(t, knots[index] as number);
    const [b1, b2, c1, c2] = pieces[index] as (typeof pieces)[0];
    const [x, z] = [add(b1, mul(c1, 2, s)), add(b2, mul(c2, 2, s))];
    const [m11, m12, m21, m22] = product(y, p, 4).map(tanh) as [Scalar, Scalar, Scalar, Scalar];
    return [add(mul(m11, x), mul(m12, z)), add(mul(m21, x), mul(m22, z))];
  },
  y0: [0.3, -0.6],
  parameters: weights(8, 6),
  t1: 1.4,
  kinks: true,
};

const lotkaVolterra: FieldPair = {
  tensors: (_t, y, p) => {
    const [x, z] = each(y) as [tf.Scalar, tf.Scalar];
    const [a, b, c, d] = each(p) as [tf.Scalar, tf.Scalar, tf.Scalar, tf.Scalar];
    return tf.stack([tf.mul(x, tf.sub(a, tf.mul(b, z))), tf.mul(z, tf.sub(tf.mul(d, x), c))]);
  },
  scalars: (_t, [x = zero, z = zero], [a = zero, b = zero, c = zero, d = zero]) => [
    mul(x, sub(a, mul(b, z))),
    mul(z, sub(mul(d, x), c)),
  ],
  y0: [1, 0.5],
  parameters: [1.5, 1, 3, 1],
  t1: 3,
};

/** Lorenz (1963), for a time in which it is not chaotic yet. */
const lorenz: FieldPair = {
  tensors: (_t, y, p) => {
    const [a, b, c] = each(y) as [tf.Scalar, tf.Scalar, tf.Scalar];
    const [sigma, rho, beta] = each(p) as [tf.Scalar, tf.Scalar, tf.Scalar];
    const first = tf.mul(sigma, tf.sub(b, a));
    return tf.stack([first, tf.sub(tf.mul(a, tf.sub(rho, c)), b), tf.sub(tf.mul(a, b), tf.mul(beta, c))]);
  },
  scalars: (_t, [a = zero, b = zero, c = zero], [sigma = zero, rho = zero, beta = zero]) => [
    mul(sigma, sub(b, a)),
    sub(mul(a, sub(rho, c)), b),
    sub(mul(a, b), mul(beta, c)),
  ],
  y0: [1, 1, 1],
  parameters: [10, 28, 8 / 3],
  t1: 0.5,
};

export const fieldPairs: Readonly<Record<string, FieldPair>> = {
  mlp,
  gru,
  nBody,
  robertson,
  brusselator,
  oscillator,
  hamiltonian,
  controlled,
  lotkaVolterra,
  lorenz,
};
