import { type Deferred, NeuralOdeError, type Reading, type Space, type Tolerance } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import { stateKernels } from './backend.ts';
import { offTape } from './engine.ts';
import { numbersOf } from './numbers-of.ts';
import type { StateKernels } from './state-kernels.ts';

/** A box of tensors, one a leaf of the user's tree; a tape may put its own clones in their place. */
export interface TensorState {
  leaves: readonly tf.Tensor[];
}

/**
 * States that stay tensors, computed on in float32: by the kernels of the backend that is current when the space is made,
 * if it has any, else by tfjs, whose norms are read back only when somebody waits for them. All that the space makes
 * survives the enclosing tidy and is disposed by `release`, at the latest by `close`.
 */
export class TensorSpace implements Space<TensorState> {
  readonly #kept = new Set<tf.Tensor>();
  readonly #kernels = stateKernels();
  readonly #trusting: boolean;

  /** @param trusting whether states count as finite, and tolerances as valid, without reading any */
  constructor(trusting = false) {
    this.#trusting = trusting;
  }

  /** A state of the tensors that `f` returns, which must be new; whatever else `f` makes is disposed. */
  make(f: () => tf.Tensor[]): TensorState {
    // Kept within the tidy, or the enclosing one would refer to every state of the solve until it ends.
    const leaves = tf.tidy(() => offTape(f).map((leaf) => tf.keep(leaf)));
    for (const leaf of leaves) this.#kept.add(leaf);
    return { leaves };
  }

  combine(base: TensorState | null, coefficients: readonly number[], terms: readonly TensorState[]): TensorState {
    // The base comes last: it is the largest in a step, and what is added to it is best rounded once.
    const states = base ? [...terms, base] : terms;
    const weights = base ? [...coefficients, 1] : coefficients;
    const kernels = this.#kernelsFor(states);
    const sum = (tensors: readonly tf.Tensor[]) =>
      kernels?.combine(weights, tensors) ?? sumOfProducts(weights, tensors);
    const { leaves } = states[0] as TensorState;
    return this.make(() => leaves.map((leaf, n) => (terms.length === 0 ? leaf.clone() : sum(at(states, n)))));
  }

  zeros(like: TensorState): TensorState {
    return this.make(() => like.leaves.map((leaf) => tf.zeros(leaf.shape)));
  }

  dot(a: TensorState, b: TensorState): number {
    const kernels = this.#kernelsFor([a, b]);
    if (kernels) return a.leaves.reduce((sum, leaf, n) => sum + kernels.dot(leaf, b.leaves[n] as tf.Tensor), 0);
    return this.#deferred(() => total(a.leaves.map((leaf, n) => tf.mul(leaf, b.leaves[n] as tf.Tensor)))).sync();
  }

  norm(y: TensorState): Reading {
    // The kernels' squares are doubles, which do not overflow.
    if (this.#kernelsFor([y])) return Math.sqrt(this.dot(y, y) / Math.max(1, this.size(y)));
    return this.#rootMeanSquare(y, () => y.leaves);
  }

  finite(y: TensorState): Reading {
    return this.#trusting ? 0 : this.norm(y);
  }

  /** The smallest component, -1 in place of one that is not finite. */
  least(y: TensorState): Reading {
    const leaves = y.leaves.filter((leaf) => leaf.size > 0);
    if (leaves.length === 0 || this.#trusting) return 0;
    return this.#deferred(() =>
      leaves
        .map((leaf) => tf.min(tf.where(tf.isFinite(leaf), leaf, tf.fill(leaf.shape, -1))))
        .reduce((a, b) => tf.minimum(a, b)),
    );
  }

  errorNorm(error: TensorState, y0: TensorState, y1: TensorState, tolerance: Tolerance<TensorState>): Reading {
    const { rtol, atol } = tolerance;
    const kernels = this.#kernelsFor([error, y0, y1]);
    if (kernels && typeof rtol === 'number' && typeof atol === 'number') {
      const squares = error.leaves.map((e, n) =>
        kernels.scaledSquares(e, y0.leaves[n] as tf.Tensor, y1.leaves[n] as tf.Tensor, rtol, atol),
      );
      return Math.sqrt(squares.reduce((a, b) => a + b, 0) / Math.max(1, this.size(error)));
    }
    return this.#rootMeanSquare(error, () => error.leaves.map((e, n) => ratio(e, scale(y0, y1, tolerance, n).value)));
  }

  errorNormVjp(
    error: TensorState,
    y0: TensorState,
    y1: TensorState,
    tolerance: Tolerance<TensorState>,
    cotangent: number,
  ): { error: TensorState; y0: TensorState; y1: TensorState } {
    const parts = tf.tidy(() => {
      const scales = error.leaves.map((_, n) => scale(y0, y1, tolerance, n));
      const ratios = error.leaves.map((e, n) => ratio(e, (scales[n] as Scale).value));
      const size = this.size(error);
      const norm = tf.sqrt(tf.div(total(ratios.map((r) => tf.square(r))), Math.max(1, size)));
      // dnorm/dr = r / (size norm), and zero where all errors are.
      const weight = tf.divNoNan(tf.scalar(cotangent / Math.max(1, size)), norm);
      return ratios.map((r, n) => {
        const { value, rtol, first, larger } = scales[n] as Scale;
        const slope = tf.divNoNan(tf.mul(weight, r), value);
        const through = tf.sub(0, tf.mul(tf.mul(slope, r), tf.mul(rtol, tf.sign(larger))));
        const zero = tf.zerosLike(through);
        return { error: slope, y0: tf.where(first, through, zero), y1: tf.where(first, zero, through) };
      });
    });
    const state = (key: 'error' | 'y0' | 'y1') => this.make(() => parts.map((part) => part[key].clone()));
    const back = { error: state('error'), y0: state('y0'), y1: state('y1') };
    tf.dispose(parts);
    return back;
  }

  size(y: TensorState): number {
    return y.leaves.reduce((sum, leaf) => sum + leaf.size, 0);
  }

  release(y: TensorState): void {
    for (const leaf of y.leaves) if (this.#kept.delete(leaf)) leaf.dispose();
  }

  /** Disposes all that was not released. The space may be used again. */
  close(): void {
    for (const tensor of this.#kept) tensor.dispose();
    this.#kept.clear();
  }

  /** The kernels, if all leaves of these states are such as they take. */
  #kernelsFor(states: readonly TensorState[]): StateKernels | undefined {
    const leaves = (states[0] as TensorState).leaves;
    const fit = leaves.map((leaf, n) =>
      at(states, n).every((other) => {
        if (other.isDisposed) throw disposed();
        return other.dtype === 'float32' && tf.util.arraysEqual(leaf.shape, other.shape);
      }),
    );
    return fit.includes(false) ? undefined : this.#kernels;
  }

  /** Of the leaves that `f` returns, which are shaped as those of `like`. */
  #rootMeanSquare(like: TensorState, f: () => readonly tf.Tensor[]): Reading {
    const size = this.size(like);
    if (size === 0) return 0;
    return this.#deferred(() => {
      const leaves = f().filter((leaf) => leaf.size > 0);
      // Squares of float32 overflow above 1.8e19, so the largest component is taken out of them.
      const largest = leaves.map((leaf) => tf.max(tf.abs(leaf))).reduce((a, b) => tf.maximum(a, b));
      const unit = tf.maximum(largest, 1e-37);
      return tf.mul(unit, tf.sqrt(tf.div(total(leaves.map((leaf) => tf.square(tf.div(leaf, unit)))), size)));
    });
  }

  /** A scalar that is computed now and read when it is waited for. */
  #deferred(f: () => tf.Tensor): Deferred {
    const state = this.make(() => [f()]);
    const scalar = state.leaves[0] as tf.Tensor;
    let value: number | undefined;
    const take = (data: ArrayLike<number>): number => {
      value = data[0] as number;
      this.release(state);
      return value;
    };
    return {
      sync: () => value ?? take(numbersOf(scalar)),
      async: async () => value ?? take(await scalar.data()),
    };
  }
}

interface Scale {
  readonly value: tf.Tensor;
  readonly rtol: tf.Tensor | number;
  /** Where |y0| >= |y1|, and the component that is larger. */
  readonly first: tf.Tensor;
  readonly larger: tf.Tensor;
}

/** Leaf n of each state. */
function at(states: readonly TensorState[], n: number): tf.Tensor[] {
  return states.map(({ leaves }) => leaves[n] as tf.Tensor);
}

function disposed(): NeuralOdeError {
  return new NeuralOdeError(
    'disposed',
    'A tensor of a state was disposed while the solver still needed it: the field must dispose neither what it is given ' +
      'nor what it returns.',
  );
}

function sumOfProducts(coefficients: readonly number[], terms: readonly tf.Tensor[]): tf.Tensor {
  const products = terms.map((term, j) =>
    coefficients[j] === 1 ? term.clone() : tf.mul(term, coefficients[j] as number),
  );
  return products.reduce((sum, product) => tf.add(sum, product));
}

/** atol + rtol max(|y0|, |y1|) of leaf n. */
function scale(y0: TensorState, y1: TensorState, { rtol, atol }: Tolerance<TensorState>, n: number): Scale {
  const [a, b] = [y0.leaves[n] as tf.Tensor, y1.leaves[n] as tf.Tensor];
  const at = (tolerance: number | TensorState) =>
    typeof tolerance === 'number' ? tolerance : (tolerance.leaves[n] as tf.Tensor);
  const first = tf.greaterEqual(tf.abs(a), tf.abs(b));
  const larger = tf.where(first, a, b);
  return { value: tf.add(tf.mul(tf.abs(larger), at(rtol)), at(atol)), rtol: at(rtol), first, larger };
}

/** error / scale, 0 where both are zero; not finite where one of them is not. */
function ratio(error: tf.Tensor, scaleOf: tf.Tensor): tf.Tensor {
  const zero = tf.mul(scaleOf, 0);
  return tf.where(tf.equal(error, 0), zero, tf.add(tf.div(error, scaleOf), zero));
}

function total(parts: readonly tf.Tensor[]): tf.Tensor {
  // The wasm backend's sum of nothing is whatever was in memory.
  const sums = parts.filter((part) => part.size > 0).map((part) => tf.sum(part));
  return sums.length === 0 ? tf.scalar(0) : tf.addN(sums);
}
