// What must hold in every runtime: compile, solve, take a gradient, compare with known numbers. Neutral JavaScript.
import '@neural-ode/backend-cpu/register';
import { compile } from '@neural-ode/compiler';
import * as tf from '@tensorflow/tfjs-core';
import { odeint, odeintVjp, solve, useBackend } from 'neural-ode';
import { mlp, vanDerPol } from './golden/golden.mjs';
import { wasmInThreads } from './wasm-backend.mjs';

const hidden = 8;

const fields = {
  'van der Pol': {
    golden: vanDerPol,
    f: (_t, y, mu) => {
      const [y1, y2] = tf.unstack(y);
      return tf.stack([y2, tf.sub(tf.mul(tf.sub(tf.reshape(mu, []), tf.square(y1)), y2), y1)]);
    },
  },
  'a small network': {
    golden: mlp,
    f: (_t, y, p) => {
      const [w1, b1, w2, b2] = tf.split(p, [2 * hidden, hidden, 2 * hidden, 2]);
      const inner = tf.tanh(tf.add(tf.matMul(tf.reshape(y, [1, 2]), tf.reshape(w1, [2, hidden])), b1));
      return tf.reshape(tf.add(tf.matMul(inner, tf.reshape(w2, [hidden, 2])), b2), [2]);
    },
  },
};

/** How far off the result may be, and the tolerances of the solve. */
const precisions = {
  float64: { within: 1e-9, rtol: 1e-11, atol: 1e-13 },
  float32: { within: 1e-4, rtol: 1e-5, atol: 1e-7 },
};

function expectNear(what, actual, expected, within) {
  const largest = Math.max(...expected.map(Math.abs));
  const error = Math.max(...expected.map((value, n) => Math.abs(actual[n] - value))) / largest;
  if (!(actual.length === expected.length && error < within)) {
    throw new Error(`${what} is [${Array.from(actual)}], [${expected}] is due: off by ${error}`);
  }
}

/**
 * Runs everything.
 *
 * @returns what failed, as lines, how many checks there were, and a hash of results to the last bit, which must be the
 *   same in every runtime
 */
export async function run() {
  await useBackend('cpu');
  const checks = Object.entries(fields).flatMap(([name, { f, golden }]) =>
    Object.keys(precisions).flatMap((dtype) => [
      [`${name}, ${dtype}`, () => onNumbers(f, golden, dtype)],
      [`${name}, ${dtype}, on tensors`, () => onTensors(f, golden, dtype)],
    ]),
  );
  checks.push(['steps of each sample its own', ownSteps], ['threads', threads], ['the wasm backend', wasmInThreads]);
  const failures = [];
  for (const [name, check] of checks) {
    try {
      await check();
    } catch (error) {
      failures.push(`${name}: ${error?.message ?? error}`);
    }
  }
  return { checks: checks.length, failures, bits: failures.length > 0 ? 'none' : bits() };
}

/** Meshes, states and gradients without relaxed SIMD, by FNV-1a over the words of their doubles. */
function bits() {
  const numbers = Object.values(fields).flatMap(({ f, golden: { y0, t1, parameters } }) =>
    [{ solver: 'dopri5' }, { solver: 'dop853', controller: 'pid' }].flatMap((method) => {
      const field = compile(f, { example: y0, args: tf.tensor1d(parameters), relaxedSimd: false });
      const { ys, mesh, pullback } = odeintVjp(field, y0, [0, t1], { ...method, parameters, rtol: 1e-9, atol: 1e-9 });
      const back = pullback([undefined, [1, 2]]);
      return [...mesh.ts, ...ys[1], ...back.y0, ...back.parameters, ...back.ts];
    }),
  );
  let hash = 0x811c9dc5;
  for (const word of new Uint32Array(Float64Array.from(numbers).buffer))
    hash = Math.imul(hash ^ word, 0x01000193) >>> 0;
  return hash.toString(16);
}

function compiled(f, { y0, parameters }, dtype) {
  return compile(f, { example: y0, args: tf.tensor1d(parameters), dtype });
}

function onNumbers(f, golden, dtype) {
  const { y0, t1, parameters } = golden;
  const { within, rtol, atol } = precisions[dtype];
  const { ys, pullback } = odeintVjp(compiled(f, golden, dtype), y0, [0, t1], {
    parameters,
    rtol,
    atol,
    gradient: 'aca',
  });
  expectNear('the end', ys[1], golden.end, within);
  const back = pullback([undefined, [1, 2]]);
  expectNear('the gradient of y0', back.y0, golden.y0Bar, within);
  expectNear('the gradient of the parameters', back.parameters, golden.parametersBar, within);
}

/** Results are float32 whatever is computed in. */
function onTensors(f, golden, dtype) {
  const { y0, t1, parameters } = golden;
  const { rtol, atol } = precisions[dtype];
  const field = compiled(f, golden, dtype);
  const loss = (p) => {
    const ys = odeint(field, tf.tensor1d(y0), [0, t1], { args: p, rtol, atol, gradient: 'aca' });
    return tf.sum(tf.mul(tf.slice(ys, [1, 0], [1, 2]), tf.tensor1d([1, 2])));
  };
  const { value, grad } = tf.valueAndGrad(loss)(tf.tensor1d(parameters));
  expectNear('the loss', value.dataSync(), [golden.end[0] + 2 * golden.end[1]], 1e-4);
  expectNear('the gradient of the parameters', grad.dataSync(), golden.parametersBar, 1e-4);
}

const batch = [2, 0, 1, -1, 0.5, 0.5, -2, 1];
const rotate = (_t, y) => tf.sub(tf.sin(tf.reverse(y, 1)), tf.mul(y, 0.1));

/** A sample in a batch ends where it ends alone, after the same steps. */
function ownSteps() {
  const together = compile(rotate, { example: tf.zeros([1, 2]), ownSteps: true });
  const all = solve({ f: together, y0: batch, t0: 0, t1: 3 });
  for (let n = 0; n < batch.length; n += 2) {
    const alone = solve({ f: together, y0: batch.slice(n, n + 2), t0: 0, t1: 3 });
    expectNear(`sample ${n / 2}`, all.ys[0].slice(n, n + 2), [...alone.ys[0]], 1e-15);
  }
}

/** Two threads give what one does, or say what is missing. */
async function threads() {
  const options = { example: tf.zeros([4, 2]) };
  const [one, two] = [compile(rotate, options), compile(rotate, options)];
  if (typeof SharedArrayBuffer === 'undefined') {
    const refused = await two.useThreads(2).catch((error) => error.message);
    if (!refused?.includes('SharedArrayBuffer')) throw new Error(`threads without shared memory: ${refused}`);
    return;
  }
  await two.useThreads(2);
  const [expected, actual] = [one, two].map((f) => odeintVjp(f, batch, [0, 1, 3]));
  expectNear('the end', actual.ys[2], [...expected.ys[2]], 1e-12);
  const cotangents = [undefined, batch, batch];
  expectNear('the gradient', actual.pullback(cotangents).y0, [...expected.pullback(cotangents).y0], 1e-12);
  await two.useThreads(1);
}
