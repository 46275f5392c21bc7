import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { type ArrayFunction, odeint, odeintVjp } from 'neural-ode';
import { type GradientProblem, reused } from './gradient-problem.ts';
import { mlpArrays } from './mlp-arrays.ts';
import { normalNumbers } from './random.ts';

/** y' = a tanh network of y, or of y^3; a batch of rows is one state. */
export interface Mlp {
  /** Widths from input to output. */
  readonly sizes: readonly number[];
  readonly cube: boolean;
  /** For each layer its weights [out, in], then its bias [out]. */
  readonly parameters: Float64Array;
  readonly batch: number;
  /** [batch, sizes[0]]. */
  readonly y0: Float64Array;
  readonly ts: readonly number[];
  /** The loss is the mean of |y - target|, with targets as `y0` for each time; without them the mean of y^2. */
  readonly targets?: readonly Float64Array[];
  readonly rtol: number;
  readonly atol: number;
}

/** The network 64-256-64 from standard normal rows. */
export function wideMlp(batch: number): Mlp {
  return {
    sizes: [64, 256, 64],
    cube: false,
    parameters: layers([64, 256, 64], 11, [1 / 8, 1 / 16]),
    batch,
    y0: normalNumbers(13, 64 * batch),
    ts: Array.from({ length: 10 }, (_, n) => n / 9),
    rtol: 1e-4,
    atol: 1e-5,
  };
}

/** The decoder of a latent ODE: 20-50-50-20, 100 times, weights of variance 1 / inputs. */
export function latentMlp(): Mlp {
  return {
    sizes: [20, 50, 50, 20],
    cube: false,
    parameters: layers([20, 50, 50, 20], 21, [1 / Math.sqrt(20), 1 / Math.sqrt(50), 1 / Math.sqrt(50)]),
    batch: 50,
    y0: normalNumbers(31, 20 * 50),
    ts: Array.from({ length: 100 }, (_, n) => n / 99),
    rtol: 1e-3,
    atol: 1e-4,
  };
}

/** The spiral of Chen et al. 2018 fitted by 2-50-2 on y^3, with the reference gradient. */
export interface SpiralMlp {
  readonly mlp: Mlp;
  readonly reference: Float64Array;
  /** The problem as the floor program reads it. */
  readonly file: Uint8Array;
}

/** @param path the file of the problem; computed anew when it is absent */
export function spiralMlp(path: string): SpiralMlp {
  let numbers: Float64Array;
  try {
    const bytes = readFileSync(path);
    numbers = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  } catch {
    numbers = computeSpiral();
  }
  return { mlp: spiralOf(numbers), reference: numbers.slice(662), file: new Uint8Array(numbers.buffer) };
}

/** The numbers of the file: 10 times, 10 x 20 x 2 targets, 252 parameters, their gradient. */
function computeSpiral(): Float64Array {
  const times = Array.from({ length: 10 }, (_, n) => (n * 25) / 999);
  const starts = Array.from({ length: 20 }, (_, n) => (49 * n * 25) / 999);
  const wanted = [...new Set(starts.flatMap((s) => times.map((t) => s + t)))].sort((a, b) => a - b);
  const spiral: ArrayFunction = (_t, [x = 0, y = 0]) => [-0.1 * x ** 3 - 2 * y ** 3, 2 * x ** 3 - 0.1 * y ** 3];
  const accurate = { solver: 'dop853', rtol: 1e-12, atol: 1e-12 } as const;
  const states = new Map(odeint(spiral, [2, 0], wanted, accurate).map((y, n) => [wanted[n] as number, y]));
  const targets = times.flatMap((t) => starts.flatMap((s) => [...(states.get(s + t) as Float64Array)]));
  const numbers = new Float64Array(914);
  numbers.set([...times, ...targets, ...layers([2, 50, 2], 1, [0.1, 0.1])]);
  numbers.set(gradient(spiralOf(numbers), { ...accurate, rtol: 1e-10, atol: 1e-12 }), 662);
  return numbers;
}

function spiralOf(numbers: Float64Array): Mlp {
  const targets = Array.from({ length: 10 }, (_, n) => numbers.slice(10 + 40 * n, 50 + 40 * n));
  return {
    sizes: [2, 50, 2],
    cube: true,
    parameters: numbers.slice(410, 662),
    batch: 20,
    y0: targets[0] as Float64Array,
    ts: Array.from(numbers.slice(0, 10)),
    targets,
    rtol: 1e-4,
    atol: 1e-5,
  };
}

/** The gradient on plain arrays. */
export function gradient(
  mlp: Mlp,
  options: { readonly solver?: 'dop853' | 'dopri5'; readonly rtol?: number; readonly atol?: number } = {},
): Float64Array {
  const { f, vjp, y0, ts, parameters, rtol, atol, lossCotangents } = mlpProblem(mlp);
  const solved = odeintVjp(f, y0, ts, { vjp, parameters, gradient: 'aca', solver: 'dopri5', rtol, atol, ...options });
  return Float64Array.from(solved.pullback(lossCotangents(solved.ys)).parameters);
}

export function mlpProblem(mlp: Mlp): GradientProblem {
  const { sizes, cube, parameters, batch, y0, ts, targets, rtol, atol } = mlp;
  const share = 1 / (ts.length * y0.length);
  const cotangents = reused(ts.length, y0.length);
  return {
    ...mlpArrays(sizes, batch, cube),
    y0,
    ts,
    parameters,
    rtol,
    atol,
    lossCotangents(ys) {
      for (let n = 0; n < ys.length; n++) {
        const y = ys[n] as Float64Array;
        const cotangent = cotangents[n] as Float64Array;
        const target = targets?.[n];
        for (let i = 0; i < y.length; i++) {
          const value = y[i] as number;
          cotangent[i] = target ? share * Math.sign(value - (target[i] as number)) : 2 * share * value;
        }
      }
      return cotangents;
    },
    tensors: () => tensorProblem(mlp),
    json: () => ({
      kind: 'mlp',
      layers: layerRanges(sizes).map(({ weights, bias, inputs }) => [
        rows(parameters.slice(...weights), inputs),
        Array.from(parameters.slice(...bias)),
      ]),
      cube,
      y0: rows(y0, sizes[0] as number),
      ts,
      targets: targets?.map((target) => rows(target, sizes[0] as number)) ?? null,
      rtol,
      atol,
    }),
  };
}

function tensorProblem({ sizes, cube, parameters, batch, y0, ts, targets }: Mlp) {
  const width = sizes[0] as number;
  // Weights lie as [in, out], which tfjs multiplies by fastest.
  const variables = layerRanges(sizes).flatMap(({ weights, bias, inputs, outputs }) =>
    tf.tidy(() => [
      tf.variable(tf.transpose(tf.tensor2d(Float32Array.from(parameters.slice(...weights)), [outputs, inputs]))),
      tf.variable(tf.tensor1d(Float32Array.from(parameters.slice(...bias)))),
    ]),
  );
  const start = tf.tensor2d(Float32Array.from(y0), [batch, width]);
  const target =
    targets &&
    tf.tensor3d(
      targets.flatMap((row) => [...row]),
      [ts.length, batch, width],
    );
  return {
    f(_t: tf.Scalar, y: tf.Tensor): tf.Tensor {
      let x: tf.Tensor = cube ? tf.mul(y, tf.square(y)) : y;
      for (let n = 0; n < variables.length; n += 2) {
        x = tf.add(tf.matMul(x as tf.Tensor2D, variables[n] as tf.Tensor2D), variables[n + 1] as tf.Tensor);
        if (n + 2 < variables.length) x = tf.tanh(x);
      }
      return x;
    },
    y0: start,
    variables,
    loss: (ys: tf.Tensor): tf.Scalar => tf.mean(target ? tf.abs(tf.sub(ys, target)) : tf.square(ys)),
    flatten: (gradients: readonly tf.Tensor[]): Float64Array =>
      Float64Array.from(gradients.flatMap((g) => [...(g.rank === 2 ? tf.transpose(g) : g).dataSync()])),
    dispose: () => tf.dispose([start, ...variables, ...(target ? [target] : [])]),
  };
}

/** Where each layer's weights [out, in] and bias lie among the parameters. */
function layerRanges(sizes: readonly number[]) {
  let end = 0;
  return sizes.slice(1).map((outputs, n) => {
    const inputs = sizes[n] as number;
    const weights: [number, number] = [end, end + inputs * outputs];
    end = weights[1] + outputs;
    return { inputs, outputs, weights, bias: [weights[1], end] as [number, number] };
  });
}

/** Normal weights from the seeds `seed`, `seed + 1`, ...; biases of zero. */
function layers(sizes: readonly number[], seed: number, scales: readonly number[]): Float64Array {
  const ranges = layerRanges(sizes);
  const parameters = new Float64Array(ranges.at(-1)?.bias[1] ?? 0);
  ranges.forEach(({ inputs, outputs, weights }, n) => {
    parameters.set(normalNumbers(seed + n, inputs * outputs, scales[n]), weights[0]);
  });
  return parameters;
}

function rows(values: Float64Array, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, n) =>
    Array.from(values.subarray(n * width, (n + 1) * width)),
  );
}
