import '@tensorflow/tfjs-backend-cpu';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { vanDerPol } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import { odeint, odeintVjp } from 'neural-ode';
import { expect, test } from 'vitest';
import { compiledProblem } from './fixtures/problem-fields.ts';

/** More of them by `SOLVES=100000`. */
const count = Number(process.env.SOLVES ?? 20_000);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

await tf.setBackend('cpu');

/** All memories from here on. */
const memories: WebAssembly.Memory[] = [];
WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
  construct(target, [descriptor]: [WebAssembly.MemoryDescriptor]) {
    const memory = new target(descriptor);
    memories.push(memory);
    return memory;
  },
});

interface Use {
  readonly heap: number;
  readonly buffers: number;
  readonly wasm: readonly number[];
  readonly tensors: number;
  readonly tensorBytes: number;
}

function use(): Use {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const { numTensors, numBytes } = tf.memory();
  const wasm = memories.map(({ buffer }) => buffer.byteLength);
  return { heap: heapUsed, buffers: arrayBuffers, wasm, tensors: numTensors, tensorBytes: numBytes };
}

test(`memory is flat over ${count} solves and gradients`, () => {
  const fields = (['float64', 'float32'] as const).map((dtype) => compiledProblem(vanDerPol, { dtype }));
  const y0 = tf.tensor1d([2, 0]);
  const mu = tf.tensor1d([0.15]);
  const solve = (n: number) => {
    const f = fields[n % 2]!;
    const gradient = (['aca', 'direct', 'naive', 'adjoint'] as const)[Math.floor(n / 2) % 4]!;
    if (n % 20 < 18) {
      const options = { parameters: [0.15], gradient, rtol: 1e-4 };
      odeintVjp(f, [2, 0], [0, 0.2, 0.5], options).pullback([undefined, [1, 0], [0, 1]]);
      return;
    }
    const end = (start: tf.Tensor, args: tf.Tensor) =>
      tf.sum(odeint(f, start as tf.Tensor1D, [0, 0.5], { args: args as tf.Tensor1D, gradient }));
    tf.dispose(tf.grads(end)([y0, mu]));
  };
  for (let n = 0; n < 2000; n++) solve(n);
  const before = use();
  for (let n = 0; n < count; n++) solve(n);
  const after = use();
  process.stdout.write(
    `${count} solves and gradients: heap ${before.heap} to ${after.heap} bytes, buffers ${before.buffers} to ` +
      `${after.buffers}, wasm ${before.wasm} to ${after.wasm}, tensors ${before.tensors} to ${after.tensors}\n`,
  );
  expect(before.wasm.length).toBeGreaterThan(0);
  expect({ ...after, heap: 0, buffers: 0 }).toEqual({ ...before, heap: 0, buffers: 0 });
  // The engine's own code and feedback come and go; a state kept for each solve would take more than all of this.
  expect(after.heap - before.heap).toBeLessThan(100 * 20_000);
  expect(after.buffers - before.buffers).toBeLessThan(16 * 20_000);
  tf.dispose([y0, mu]);
});
