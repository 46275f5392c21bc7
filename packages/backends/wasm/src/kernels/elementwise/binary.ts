import type { FunctionBuilder, Local, ModuleBuilder, Value } from '@neural-ode/assembler';
import { type BinaryMath, mathFunction } from '@neural-ode/assembler/math';
import * as tf from '@tensorflow/tfjs-core';
import { eachVector } from '../../each-vector.ts';
import { areFloats, type OwnKernel } from '../kernel.ts';
import { type Along, runsOf } from './broadcast.ts';

type Emit = (module: ModuleBuilder, f: FunctionBuilder, a: Local<'v128'>, b: Local<'v128'>) => Value<'v128'>;

/** Computes a run of so many bytes. */
type Run = (a: number, b: number, out: number, bytes: number) => void;

const called =
  (name: BinaryMath): Emit =>
  (module, f, a, b) =>
    f.call(mathFunction(module, name, 'f32x4'), a, b) as unknown as Value<'v128'>;

const functions: Readonly<Record<string, Emit>> = {
  Atan2: called('atan2'),
  Maximum: (_, f, a, b) => f.f32x4.max(a, b),
  Minimum: (_, f, a, b) => f.f32x4.min(a, b),
  Pow: called('pow'),
};

/** With runs shorter than this a call for each would take longer than tfjs's kernel does. */
const shortest = 16;

function emitRuns(module: ModuleBuilder, emit: Emit): void {
  for (const along of ['both', 'a', 'b'] as const satisfies readonly Along[]) {
    module.function(
      along,
      { a: 'i32', b: 'i32', out: 'i32', bytes: 'i32' },
      [],
      (f, { a, b, out, bytes }) => {
        const one = along === 'both' ? undefined : f.let(f.v128.load32Splat(along === 'a' ? b : a));
        eachVector(f, bytes, (load, store) => {
          const left = along === 'b' ? (one as Local<'v128'>) : f.let(load(a));
          const right = along === 'a' ? (one as Local<'v128'>) : f.let(load(b));
          store(out, f.let(emit(module, f, left, right)));
        });
      },
      { export: true },
    );
  }
}

/** Functions of two tensors that broadcast, which tfjs computes one number at a time. */
export const binary: readonly OwnKernel[] = Object.entries(functions).map(([kernelName, emit]) => ({
  kernelName,
  compute(inputs, _, workspace) {
    const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
    if (!areFloats(a, b)) return undefined;
    const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
    if (shape.includes(0)) return workspace.output(shape);
    const { along, length, starts } = runsOf(shape, a.shape, b.shape);
    if (starts.length > 1 && length < shortest) return undefined;
    const run = workspace.module<Record<Along, Run>>(kernelName, (module) => emitRuns(module, emit))[along];
    const output = workspace.output(shape);
    const [fromA, fromB] = [workspace.address(a), workspace.address(b)];
    let to = workspace.address(output);
    for (const [atA, atB] of starts) {
      run(fromA + 4 * atA, fromB + 4 * atB, to, 4 * length);
      to += 4 * length;
    }
    return output;
  },
}));
