import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, it } from 'vitest';
import { sizeOf } from '../graph/graph.ts';
import type { ProgramInputs } from '../graph/interpret.ts';
import { interpret } from '../graph/interpret.ts';
import { simplify } from '../graph/simplify.ts';
import { numbers, numbersOf } from '../trace/fixtures.ts';
import { trace } from '../trace/trace.ts';
import type { EmitMode } from './emit-field.ts';
import { start } from './fixtures.ts';
import type { Precision } from './precision.ts';
import { countOperations } from './unroll.ts';

beforeAll(() => tf.setBackend('cpu'));

/** The median time of a call in nanoseconds. */
function nanoseconds(call: () => void, repeat: number): number {
  const times: number[] = [];
  for (let n = 0; n < 21; n++) {
    const before = performance.now();
    for (let i = 0; i < repeat; i++) call();
    times.push(((performance.now() - before) * 1e6) / repeat);
  }
  return times.sort((a, b) => a - b)[10]!;
}

function measure(
  name: string,
  f: unknown,
  options: { y: unknown; args?: unknown },
  modes: readonly EmitMode[],
  repeat: number,
  flops = 0,
): void {
  const traced = trace(f, options);
  const before = performance.now();
  const slope = simplify(traced.slope);
  const vjp = simplify(traced.vjp());
  const simplified = performance.now() - before;
  const fill = (shape: readonly number[], seed: number) => numbers(sizeOf(shape), seed);
  const given: ProgramInputs = {
    t: 0.5,
    y: slope.inputs.y.map(({ shape }, n) => fill(shape, 1 + n)),
    parameters: slope.inputs.parameters.map(({ shape }, n) => fill(shape, 11 + n)),
    cotangent: vjp.inputs.cotangent.map(({ shape }, n) => fill(shape, 31 + n)),
  };
  for (const precision of ['float64', 'float32'] as Precision[]) {
    for (const mode of modes) {
      const running = start(slope, vjp, { precision, mode });
      const got = running.vjp(given);
      const want = interpret(vjp, given);
      const flat = want.y.flatMap((x) => Array.from(x));
      const flatP = want.parameters.flatMap((x) => Array.from(x));
      const error = Math.max(
        0,
        ...flat.map((x, n) => Math.abs(x - got.y[n]!)),
        ...flatP.map((x, n) => Math.abs(x - got.parameters[n]!)),
      );
      const size = Math.max(0, ...flat.map(Math.abs), ...flatP.map(Math.abs));
      running.slope(given);
      const { raw } = running;
      const slopeNs = nanoseconds(() => raw.slope(0.5, raw.y, raw.out), repeat);
      const vjpNs = nanoseconds(() => void raw.vjp(0.5, raw.y, raw.cotangent, raw.yBar, raw.parametersBar), repeat);
      process.stdout.write(
        `${name} ${precision} ${mode}: slope ${slopeNs.toFixed(0)} ns, vjp ${vjpNs.toFixed(0)} ns${flops ? `, ${(flops / slopeNs).toFixed(1)} and ${((3 * flops) / vjpNs).toFixed(1)} GFLOP/s` : ''}; emit ${running.emitMs.toFixed(1)} ms, simplify ${simplified.toFixed(1)} ms, ${running.bytes} bytes, ${countOperations(slope)}+${countOperations(vjp)} operations, error ${(error / size).toExponential(1)}\n`,
      );
    }
  }
}

it.runIf(process.env.BENCH)('three bodies', () => {
  const matrix = (rows: number, columns: number, value: (row: number, column: number) => number) =>
    tf.tensor2d(
      Float32Array.from({ length: rows * columns }, (_, n) => value(Math.floor(n / columns), n % columns)),
      [rows, columns],
    );
  const differences = [
    [-1, 1, 0],
    [-1, 0, 1],
    [0, -1, 1],
  ];
  const pullers = [
    [2, 3, 0],
    [-1, 0, 3],
    [0, -1, -2],
  ];
  const difference = matrix(3, 6, (pair, row) => differences[pair]?.[row] ?? 0);
  const drift = matrix(6, 6, (row, column) => (column === row + 3 ? 7.1 : 0));
  const ofUnitMasses = matrix(18, 3, (entry, body) => {
    const puller = pullers[Math.floor(entry / 3) - 3]?.[entry % 3] ?? 0;
    return Math.abs(puller) === body + 1 ? 5.5 * Math.sign(puller) : 0;
  });
  const f = (_t: tf.Tensor, y: tf.Tensor2D, masses: tf.Tensor1D) => {
    const d = tf.matMul(difference, y);
    const direction: tf.Tensor2D = tf.mul(d, tf.pow(tf.sum(tf.square(d), 1, true), -1.5));
    const attraction = tf.reshape(tf.matMul(ofUnitMasses, tf.reshape(masses, [3, 1])), [6, 3]);
    return tf.add(tf.matMul(drift, y), tf.matMul(attraction as tf.Tensor2D, direction));
  };
  measure(
    'three-body',
    f,
    { y: numbersOf([6, 3], 5), args: tf.tensor1d([1, 0.9, 1.1]), embed: true } as never,
    ['unrolled', 'loops', 'auto'],
    20000,
  );
});

function mlp(widths: readonly number[], batch: number, repeat: number, modes: readonly EmitMode[] = ['loops']) {
  const weights = widths.slice(1).map((width, n) => numbersOf([widths[n]!, width], n + 1));
  const biases = widths.slice(1).map((width, n) => numbersOf([width], n + 9));
  const f = (_t: tf.Tensor, y: tf.Tensor, w: { weights: tf.Tensor[]; biases: tf.Tensor[] }) =>
    w.weights.reduce((x, weight, n) => {
      const z = tf.add(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D), w.biases[n]!);
      return n + 1 < w.weights.length ? activation(z) : z;
    }, y);
  const activation = tf.tanh;
  const flops = widths.slice(1).reduce((sum, width, n) => sum + 2 * batch * width * widths[n]!, 0);
  measure(
    `mlp ${widths.join('-')} x ${batch}`,
    f,
    { y: numbersOf([batch, widths[0]!], 5), args: { weights, biases } },
    modes,
    repeat,
    flops,
  );
}

it.runIf(process.env.BENCH)('networks', () => {
  mlp([64, 256, 64], 128, 10);
  mlp([2, 50, 2], 20, 1000);
  mlp([2, 50, 2], 1, 1000, ['loops', 'unrolled', 'auto']);
  mlp([2, 16, 2], 1, 1000, ['loops', 'unrolled', 'auto']);
  mlp([20, 50, 50, 20], 50, 100);
  mlp([64, 256, 64], 1024, 3);
});
