import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { type ArrayFunction, type ArrayVjp, odeint, odeintVjp } from 'neural-ode';
import { type GradientProblem, reused } from './gradient-problem.ts';

/*
 * Three bodies under gravity: r_i' = K2 v_i, v_i' = K1 sum_j m_j (r_j - r_i) / |r_j - r_i|^3, the masses unknown.
 * Zhuang et al. 2020, arXiv:2006.02493, section 4.4. States are nine positions, then nine velocities.
 */

const units = { mass: 1.989e30, length: 5.326e12, velocity: 3e4, time: 79.91 * 365 * 24 * 3600 * 0.51 };
const k1 = (6.67408e-11 * units.mass * units.time) / (units.length ** 2 * units.velocity);
const k2 = (units.velocity * units.time) / units.length;
const start = [0, 0.2, 0, 0.5, 0, 0.5, 0, 0, 0.5, 0, 0.1, 0, 0, 0, 0.1, 0.1, 0, 0];
const trueMasses = [1.1, 1.1, 0.9];
const times = Array.from({ length: 100 }, (_, n) => n / 99);

/** True states at the 100 times, and the gradient of the loss, both far more accurate than what is timed. */
interface Observations {
  readonly states: readonly Float64Array[];
  readonly gradient: Float64Array;
}

/** The problem with its reference gradient. */
export interface ThreeBody {
  readonly problem: GradientProblem;
  readonly reference: Float64Array;
  /** The observations as the floor program reads them. */
  readonly file: Uint8Array;
}

/** @param path the file of observations; computed anew when it is absent */
export function threeBody(path: string): ThreeBody {
  const { states, gradient } = read(path) ?? compute();
  const numbers = Float64Array.from([...states.flatMap((y) => [...y]), ...gradient]);
  return { problem: problemOf(states), reference: gradient, file: new Uint8Array(numbers.buffer) };
}

/** The observations of a file: 100 states, then the gradient, as doubles; undefined when there is no such file. */
function read(path: string): Observations | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return undefined;
  }
  const numbers = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return {
    states: times.map((_, n) => numbers.slice(18 * n, 18 * n + 18)),
    gradient: numbers.slice(1800, 1803),
  };
}

/** The observations by our own solver. */
function compute(): Observations {
  const accurate = { solver: 'dop853', rtol: 1e-12, atol: 1e-12 } as const;
  const states = odeint(field(), start, times, { ...accurate, parameters: trueMasses });
  const { y0, parameters, lossCotangents } = problemOf(states);
  const solved = odeintVjp(field(), y0, times, { ...accurate, gradient: 'aca', vjp: vjp(), parameters });
  const back = solved.pullback(lossCotangents(solved.ys));
  return { states, gradient: Float64Array.from(back.parameters) };
}

function problemOf(states: readonly Float64Array[]): GradientProblem {
  const weights = times.map((t) => 0.01 ** t / times.length);
  const positions = states.map((y) => Array.from(y.slice(0, 9)));
  const cotangents = reused(times.length, 18);
  return {
    f: field(),
    vjp: vjp(),
    y0: Float64Array.from(start),
    ts: times,
    parameters: Float64Array.of(0.95, 1.05, 1),
    rtol: 1e-5,
    atol: 1e-5,
    lossCotangents(ys) {
      for (let n = 0; n < ys.length; n++) {
        const y = ys[n] as Float64Array;
        const cotangent = cotangents[n] as Float64Array;
        const observed = positions[n] as readonly number[];
        const weight = 2 * (weights[n] as number);
        for (let c = 0; c < 9; c++) cotangent[c] = weight * ((y[c] as number) - (observed[c] as number));
      }
      return cotangents;
    },
    tensors() {
      const masses = tf.tidy(() => tf.variable(tf.tensor1d([0.95, 1.05, 1])));
      const y0 = tf.tensor2d(start, [6, 3]);
      const observed = tf.tensor3d(positions.flat(), [times.length, 3, 3]);
      const weight = tf.tensor3d(weights, [times.length, 1, 1]);
      const system = tensorField(masses);
      return {
        f: system.f,
        y0,
        variables: [masses],
        loss: (ys) => tf.sum(tf.mul(weight, tf.squaredDifference(tf.slice(ys, [0, 0, 0], [-1, 3, -1]), observed))),
        flatten: ([gradient]) => Float64Array.from((gradient as tf.Tensor).dataSync()),
        dispose: () => tf.dispose([masses, y0, observed, weight, ...system.constants]),
      };
    },
    json: () => ({
      kind: 'three-body',
      k1,
      k2,
      y0: start,
      masses: [0.95, 1.05, 1],
      ts: times,
      positions,
      weights,
      rtol: 1e-5,
      atol: 1e-5,
    }),
  };
}

const pairs = [
  [0, 1],
  [0, 2],
  [1, 2],
] as const;

/** The field on plain arrays; its parameters are the masses. */
function field(): ArrayFunction {
  const slope = new Float64Array(18);
  return (_t, y, m) => {
    for (let n = 0; n < 9; n++) {
      slope[n] = k2 * at(y, 9 + n);
      slope[9 + n] = 0;
    }
    for (let p = 0; p < 3; p++) {
      const [i, j] = pairs[p] as (typeof pairs)[number];
      const x = at(y, 3 * j) - at(y, 3 * i);
      const v = at(y, 3 * j + 1) - at(y, 3 * i + 1);
      const z = at(y, 3 * j + 2) - at(y, 3 * i + 2);
      const square = x * x + v * v + z * z;
      const pull = k1 / (square * Math.sqrt(square));
      add(slope, 9 + 3 * i, pull * at(m, j), x, v, z);
      add(slope, 9 + 3 * j, -pull * at(m, i), x, v, z);
    }
    return slope;
  };
}

/** Its vector-Jacobian product. */
function vjp(): ArrayVjp {
  const back = { y: new Float64Array(18), p: new Float64Array(3) };
  return (_t, y, l, m) => {
    for (let n = 0; n < 9; n++) {
      back.y[9 + n] = k2 * at(l, n);
      back.y[n] = 0;
    }
    back.p.fill(0);
    for (let pair = 0; pair < 3; pair++) {
      const [i, j] = pairs[pair] as (typeof pairs)[number];
      const x = at(y, 3 * j) - at(y, 3 * i);
      const v = at(y, 3 * j + 1) - at(y, 3 * i + 1);
      const z = at(y, 3 * j + 2) - at(y, 3 * i + 2);
      const inverse = 1 / (x * x + v * v + z * z);
      const pull = k1 * inverse * Math.sqrt(inverse);
      const [li, lj] = [9 + 3 * i, 9 + 3 * j];
      back.p[j] = at(back.p, j) + pull * (x * at(l, li) + v * at(l, li + 1) + z * at(l, li + 2));
      back.p[i] = at(back.p, i) - pull * (x * at(l, lj) + v * at(l, lj + 1) + z * at(l, lj + 2));
      // d -> d / |d|^3 has the Jacobian (I - 3 d d^T / |d|^2) / |d|^3.
      const wx = at(m, j) * at(l, li) - at(m, i) * at(l, lj);
      const wy = at(m, j) * at(l, li + 1) - at(m, i) * at(l, lj + 1);
      const wz = at(m, j) * at(l, li + 2) - at(m, i) * at(l, lj + 2);
      const radial = 3 * inverse * (x * wx + v * wy + z * wz);
      const [gx, gy, gz] = [wx - radial * x, wy - radial * v, wz - radial * z];
      add(back.y, 3 * j, pull, gx, gy, gz);
      add(back.y, 3 * i, -pull, gx, gy, gz);
    }
    return back;
  };
}

/** The field on tensors [6, 3], in few operations: the sums over bodies are products with constant matrices. */
function tensorField(masses: tf.Variable) {
  const matrix = (rows: number, columns: number, value: (row: number, column: number) => number) =>
    tf.tensor2d(
      Float32Array.from({ length: rows * columns }, (_, n) => value(Math.floor(n / columns), n % columns)),
      [rows, columns],
    );
  // Row `pair`: -1 at its first body, 1 at its second.
  const differences = matrix(3, 6, (pair, row) => (row === pairs[pair]?.[0] ? -1 : row === pairs[pair]?.[1] ? 1 : 0));
  const drift = matrix(6, 6, (row, column) => (column === row + 3 ? k2 : 0));
  // Entry (body, pair) of the attraction: k1 times the other body's mass, along the pair's difference or against it.
  const ofUnitMasses = matrix(18, 3, (entry, puller) => {
    const body = Math.floor(entry / 3) - 3;
    const [i, j] = pairs[entry % 3] as (typeof pairs)[number];
    return body === i && puller === j ? k1 : body === j && puller === i ? -k1 : 0;
  });
  return {
    f(_t: tf.Scalar, y: tf.Tensor): tf.Tensor {
      const d = tf.matMul(differences, y as tf.Tensor2D);
      const direction = tf.mul(d, tf.pow(tf.sum(tf.square(d), 1, true), -1.5));
      const attraction = tf.reshape(tf.matMul(ofUnitMasses, tf.reshape(masses, [3, 1])), [6, 3]);
      return tf.add(tf.matMul(drift, y as tf.Tensor2D), tf.matMul(attraction as tf.Tensor2D, direction as tf.Tensor2D));
    },
    constants: [differences, drift, ofUnitMasses],
  };
}

function at(values: ArrayLike<number>, n: number): number {
  return values[n] as number;
}

function add(values: Float64Array, n: number, factor: number, x: number, y: number, z: number): void {
  values[n] = at(values, n) + factor * x;
  values[n + 1] = at(values, n + 1) + factor * y;
  values[n + 2] = at(values, n + 2) + factor * z;
}
