import { compile } from '@neural-ode/compiler';
import * as tf from '@tensorflow/tfjs-core';
import type { ArrayFunction, ArrayVjp } from 'neural-ode';
import type { PlainField } from '../plain-field.ts';

/*
 * Three bodies under gravity: r_i' = K2 v_i, v_i' = K1 sum_j m_j (r_j - r_i) / |r_j - r_i|^3, the masses unknown.
 * Zhuang et al. 2020, arXiv:2006.02493, section 4.4. A state is six rows (x, y, z): three positions, three velocities.
 */

const units = { mass: 1.989e30, length: 5.326e12, velocity: 3e4, time: 79.91 * 365 * 24 * 3600 * 0.51 };
const gravitation = 6.67408e-11;

/** Factor of the accelerations, and of the velocities. */
export const k1: number = (gravitation * units.mass * units.time) / (units.length ** 2 * units.velocity);
export const k2: number = (units.velocity * units.time) / units.length;

/** Astronomical units in the problem's unit of length. */
export const astronomicalUnits: number = units.length / 1.495978707e11;
/** Years in its unit of time. */
export const years: number = units.time / (365.25 * 24 * 3600);

/** The masses that the observations are made with, in solar masses. */
export const trueMasses: readonly number[] = [1.1, 1.1, 0.9];

/** Positions and velocities at the start, row after row. */
export const initialState: readonly number[] = [
  ...[0, 0.2, 0],
  ...[0.5, 0, 0.5],
  ...[0, 0, 0.5],
  ...[0, 0.1, 0],
  ...[0, 0, 0.1],
  ...[0.1, 0, 0],
];

/** How many numbers of a state are positions: the first ones. */
export const positionCount = 9;

/** The field on plain arrays; its parameters are the masses. */
export const field: ArrayFunction = (_t, y, masses) => {
  const slope = new Float64Array(2 * positionCount);
  for (let n = 0; n < positionCount; n++) slope[n] = k2 * at(y, positionCount + n);
  for (const [i, j] of pairs) {
    const { dx, dy, dz, distance } = between(y, i, j);
    const pull = (k1 * at(masses, j)) / distance ** 3;
    add(slope, positionCount + 3 * i, pull * dx, pull * dy, pull * dz);
  }
  return slope;
};

/** Its vector-Jacobian product. */
export const vjp: ArrayVjp = (_t, y, v, masses) => {
  const back = new Float64Array(2 * positionCount);
  const p = new Float64Array(masses.length);
  for (let n = 0; n < positionCount; n++) back[positionCount + n] = k2 * at(v, n);
  for (const [i, j] of pairs) {
    const { dx, dy, dz, distance } = between(y, i, j);
    const row = positionCount + 3 * i;
    const [wx, wy, wz] = [at(v, row), at(v, row + 1), at(v, row + 2)];
    const along = dx * wx + dy * wy + dz * wz;
    p[j] = at(p, j) + (k1 * along) / distance ** 3;
    // v_i' depends on d = r_j - r_i only: d -> d / |d|^3 has the Jacobian (I - 3 d d^T / |d|^2) / |d|^3.
    const pull = (k1 * at(masses, j)) / distance ** 3;
    const radial = (3 * along) / distance ** 2;
    const [gx, gy, gz] = [pull * (wx - radial * dx), pull * (wy - radial * dy), pull * (wz - radial * dz)];
    add(back, 3 * j, gx, gy, gz);
    add(back, 3 * i, -gx, -gy, -gz);
  }
  return { y: back, p };
};

/** The field on tensors [6, 3]. */
interface TensorSystem {
  /** Its arguments are the masses [3]. */
  f(t: tf.Tensor, y: tf.Tensor2D, masses: tf.Tensor1D): tf.Tensor2D;
  /** Releases its constants, which live on the backend that was current when it was made. */
  dispose(): void;
}

/**
 * Makes the field on tensors. It takes few operations, since on a state this small an operation costs more than its
 * arithmetic: the sums over bodies are products with constant matrices. Those hold -1, 0 and 1, exact in float32 too.
 */
export function tensorSystem(): TensorSystem {
  const matrix = (rows: number, columns: number, value: (row: number, column: number) => number) =>
    tf.tensor2d(
      Float32Array.from({ length: rows * columns }, (_, n) => value(Math.floor(n / columns), n % columns)),
      [rows, columns],
    );
  const difference = matrix(3, 6, (pair, row) => differences[pair]?.[row] ?? 0);
  const drift = matrix(6, 6, (row, column) => (column === row + 3 ? 1 : 0));
  const ofUnitMasses = matrix(18, 3, (entry, body) => {
    const puller = pullers[Math.floor(entry / 3) - 3]?.[entry % 3] ?? 0;
    return Math.abs(puller) === body + 1 ? Math.sign(puller) : 0;
  });
  return {
    f(_t, y, masses) {
      const d = tf.matMul(difference, y);
      const direction: tf.Tensor2D = tf.mul(d, tf.pow(tf.sum(tf.square(d), 1, true), -1.5));
      const pulls = tf.reshape(tf.mul(masses, k1), [3, 1]);
      const attraction = tf.reshape(tf.matMul(ofUnitMasses, pulls), [6, 3]);
      return tf.add(tf.mul(tf.matMul(drift, y), k2), tf.matMul(attraction, direction));
    },
    dispose: () => tf.dispose([difference, drift, ofUnitMasses]),
  };
}

/** The field compiled from tensors: on plain arrays, in double precision, with its vector-Jacobian product. */
export function compiledField(): PlainField {
  const system = tensorSystem();
  const [y0, masses] = [tf.zeros([6, 3]), tf.tensor1d([...trueMasses])];
  try {
    return { f: compile(system.f, { example: y0, args: masses, embed: true }) };
  } finally {
    system.dispose();
    tf.dispose([y0, masses]);
  }
}

/** d = r_j - r_i for the pairs 1 2, 1 3 and 2 3. */
const differences = [
  [-1, 1, 0],
  [-1, 0, 1],
  [0, -1, 1],
];
/** Which body pulls a body (row) in a pair (column), from 1 on; along d, or with a minus against it. */
const pullers = [
  [2, 3, 0],
  [-1, 0, 3],
  [0, -1, -2],
];

const pairs = [
  [0, 1],
  [0, 2],
  [1, 0],
  [1, 2],
  [2, 0],
  [2, 1],
] as const;

function between(y: Float64Array, i: number, j: number) {
  const dx = at(y, 3 * j) - at(y, 3 * i);
  const dy = at(y, 3 * j + 1) - at(y, 3 * i + 1);
  const dz = at(y, 3 * j + 2) - at(y, 3 * i + 2);
  return { dx, dy, dz, distance: Math.sqrt(dx * dx + dy * dy + dz * dz) };
}

function add(values: Float64Array, n: number, x: number, y: number, z: number): void {
  values[n] = at(values, n) + x;
  values[n + 1] = at(values, n + 1) + y;
  values[n + 2] = at(values, n + 2) + z;
}

function at(values: ArrayLike<number>, n: number): number {
  return values[n] as number;
}
