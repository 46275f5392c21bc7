import * as tf from '@tensorflow/tfjs-core';

/** One operation on tfjs's tape. */
export interface TapeNode {
  readonly kernelName: string;
  readonly inputs: Record<string, tf.Tensor>;
  readonly outputs: readonly tf.Tensor[];
  readonly saved: readonly tf.Tensor[];
}

/** What of tfjs's engine is used here; its typings call part of it private. It has not changed since tfjs 2. */
interface Engine {
  readonly state: { activeTape: TapeNode[] | null; gradientDepth: number; kernelDepth: number };
  isTapeOn(): boolean;
  startTape(): void;
  makeTensor(values: Float32Array, shape: readonly number[], dtype: 'float32'): tf.Tensor;
  gradients(
    f: () => tf.Tensor,
    xs: readonly tf.Tensor[],
    dy: tf.Tensor | null,
    allowNoGradients: boolean,
  ): { value: tf.Tensor; grads: (tf.Tensor | undefined)[] };
  runKernelFunc(op: {
    readonly inputs: Readonly<Record<string, tf.Tensor>>;
    forwardFunc(backend: unknown, save: (tensors: readonly tf.Tensor[]) => void): tf.Tensor[];
    backwardsFunc(dys: tf.Tensor | tf.Tensor[], saved: readonly tf.Tensor[]): Record<string, () => tf.Tensor>;
  }): tf.Tensor[];
}

function engine(): Engine {
  return tf.engine() as unknown as Engine;
}

/** Whether an operation called now would be recorded for a gradient. */
export function tapeIsOn(): boolean {
  return engine().isTapeOn();
}

/** Whether some gradient is being recorded, be it around a kernel that is running. */
export function gradientIsRecorded(): boolean {
  return engine().state.gradientDepth > 0;
}

/** Whether a gradient is being recorded inside of one that is recorded itself, so that it may be differentiated. */
export function gradientIsNested(): boolean {
  return engine().state.gradientDepth > 1;
}

/** A float32 tensor that takes the array over. */
export function makeTensor(values: Float32Array, shape: readonly number[]): tf.Tensor {
  return engine().makeTensor(values, shape, 'float32');
}

/**
 * Runs `f` as if no gradient and no kernel were under way, so that nothing that it does lands on an outer tape, and a
 * gradient that it takes itself neither ends that tape nor finds its own switched off.
 */
export function offTape<T>(f: () => T): T {
  const { state } = engine();
  const { activeTape, gradientDepth, kernelDepth } = state;
  Object.assign(state, { activeTape: null, gradientDepth: 0, kernelDepth: 0 });
  try {
    return f();
  } finally {
    // A gradient that failed leaves its tape, and on it tensors that nobody else knows.
    abandonTape();
    Object.assign(state, { activeTape, gradientDepth, kernelDepth });
  }
}

/** Runs `f` with a tape of its own; `inspect` sees its nodes, and what was saved on it is disposed. */
export function onOwnTape<T>(f: () => T, inspect: (nodes: readonly TapeNode[], result: T) => void): void {
  offTape(() => {
    engine().startTape();
    inspect(tapeNodes(), f());
  });
}

/**
 * Disposes what the current tape saved. For a gradient that fails in its backward pass: tfjs abandons the tape then and
 * would keep the tensors for ever.
 */
export function abandonTape(): void {
  for (const node of tapeNodes()) for (const tensor of node.saved) tensor.dispose();
}

/** The operations that the tape holds so far. */
export function tapeNodes(): readonly TapeNode[] {
  return engine().state.activeTape ?? [];
}

/**
 * Gradients of f with respect to `xs` for the cotangent `dy` (absent: one), undefined where f does not depend on an x.
 * Call it within {@link offTape} and `tf.tidy`.
 */
export function gradients(f: () => tf.Tensor, xs: readonly tf.Tensor[], dy?: tf.Tensor): (tf.Tensor | undefined)[] {
  const recorded = () => {
    const y = f();
    // tfjs fails on an input that the caller did not give, as the scale of a batch normalization.
    for (const { inputs } of tapeNodes()) {
      for (const name of Object.keys(inputs)) if (!inputs[name]) delete inputs[name];
    }
    return y;
  };
  return engine().gradients(recorded, xs, dy ?? null, true).grads;
}

/**
 * An operation with several outputs and a gradient of its own: `tf.customGrad` knows only one output.
 *
 * @param forward computes the outputs with the tape off; what it saves, the tape owns
 * @param backward from the outputs' cotangents and what was saved to the inputs' cotangents, in order
 */
export function customOp(
  inputs: readonly tf.Tensor[],
  forward: (save: (tensors: readonly tf.Tensor[]) => void) => tf.Tensor[],
  backward: (dys: readonly tf.Tensor[], saved: readonly tf.Tensor[]) => readonly tf.Tensor[],
): tf.Tensor[] {
  return engine().runKernelFunc({
    inputs: Object.fromEntries(inputs.map((input, n) => [n, input])),
    forwardFunc: (_, save) => forward(save),
    backwardsFunc: (dys, saved) =>
      Object.fromEntries(backward(Array.isArray(dys) ? dys : [dys], saved).map((dx, n) => [n, () => dx])),
  });
}
