import { probeFeatures } from '@neural-ode/assembler';
import type { StateKernels } from '@neural-ode/tensor';
import type * as tf from '@tensorflow/tfjs-core';
import { type Combination, emitCombination } from './emit-combination.ts';
import { emitSums, type Sums } from './emit-sums.ts';
import { instantiate } from './own-module.ts';
import { tfjsMemory } from './tfjs-memory.ts';

/** The most terms that one call combines: a module is built for each number of terms that is met. */
const mostTerms = 16;

const made = new WeakMap<tf.KernelBackend, StateKernels | undefined>();

/**
 * Arithmetic on whole tensors by WebAssembly modules of our own, which work on the memory of tfjs's backend. Undefined
 * where the engine has no SIMD, may not compile modules, or the backend is not as expected inside: tfjs's operations do
 * the same, more slowly.
 */
export function stateKernelsOf(backend: tf.KernelBackend): StateKernels | undefined {
  if (!made.has(backend)) made.set(backend, connect(backend));
  return made.get(backend);
}

function connect(backend: tf.KernelBackend): StateKernels | undefined {
  if (!probeFeatures().simd) return undefined;
  const tfjs = tfjsMemory(backend);
  if (!tfjs) return undefined;
  let sums: Sums;
  try {
    sums = instantiate(tfjs, emitSums) as unknown as Sums;
  } catch {
    return undefined;
  }
  const { address } = tfjs;
  const combinations: (Combination | undefined)[] = [];
  const combine = (count: number) => {
    combinations[count] ??= instantiate(tfjs, (module) => emitCombination(module, count)).combine as Combination;
    return combinations[count];
  };
  return {
    combine(coefficients, terms) {
      const { shape, size } = terms[0] as tf.Tensor;
      const out = tfjs.allocate(shape);
      let weights = [...coefficients];
      let addresses = terms.map(address);
      while (addresses.length > mostTerms) {
        combine(mostTerms)(address(out), 4 * size, ...addresses.splice(0, mostTerms), ...weights.splice(0, mostTerms));
        addresses = [address(out), ...addresses];
        weights = [1, ...weights];
      }
      combine(addresses.length)(address(out), 4 * size, ...addresses, ...weights);
      return out;
    },
    dot: (a, b) => sums.dot(address(a), address(b), 4 * a.size),
    scaledSquares: (error, y0, y1, rtol, atol) =>
      sums.scaledSquares(address(error), address(y0), address(y1), 4 * error.size, rtol, atol),
  };
}
