import type { FunctionBuilder, ModuleBuilder, Value } from '@neural-ode/assembler';
import * as tf from '@tensorflow/tfjs-core';
import { eachVector } from '../each-vector.ts';
import { advance, times } from './times.ts';
import type { Workspace } from './workspace.ts';

/** What can be done with the sums of a layer where they lie. */
export type Finish = 'linear' | 'relu' | 'relu6';

type Emit = (f: FunctionBuilder, x: Value<'v128'>) => Value<'v128'>;

const finishes: Readonly<Record<Finish, Emit>> = {
  linear: (_, x) => x,
  relu: (f, x) => f.f32x4.max(x, 0),
  relu6: (f, x) => f.f32x4.min(f.f32x4.max(x, 0), 6),
};

/** Whether an activation is one of them. */
export function isFinish(activation: string): activation is Finish {
  return Object.hasOwn(finishes, activation);
}

interface Exports {
  /** Adds the bias to each of `count` rows of so many bytes, and applies the function. */
  biased(out: number, bias: number, count: number, bytes: number): void;
  /** Applies the function alone. */
  unbiased(out: number, bytes: number): void;
}

const emitFinish = (emit: Emit) => (module: ModuleBuilder) => {
  module.function(
    'biased',
    { out: 'i32', bias: 'i32', count: 'i32', bytes: 'i32' },
    [],
    (f, { out, bias, count, bytes }) => {
      times(f, count, () => {
        eachVector(f, bytes, (load, store) => {
          store(out, f.let(emit(f, f.f32x4.add(load(out), load(bias)))));
        });
        advance(f, out, bytes);
      });
    },
    { export: true },
  );
  module.function(
    'unbiased',
    { out: 'i32', bytes: 'i32' },
    [],
    (f, { out, bytes }) => {
      eachVector(f, bytes, (load, store) => {
        store(out, f.let(emit(f, load(out))));
      });
    },
    { export: true },
  );
};

/** Adds a bias to the rows of a product, if there is one, and applies the activation. */
export function finish(
  workspace: Workspace,
  product: tf.TensorInfo,
  bias: tf.TensorInfo | undefined,
  activation: Finish,
): void {
  if (!bias && activation === 'linear') return;
  const { biased, unbiased } = workspace.module<Exports>(`finish ${activation}`, emitFinish(finishes[activation]));
  const out = workspace.address(product);
  const { shape } = product;
  if (bias)
    biased(out, workspace.address(bias), tf.util.sizeFromShape(shape.slice(0, -1)), 4 * (shape.at(-1) as number));
  else unbiased(out, 4 * tf.util.sizeFromShape(shape));
}
