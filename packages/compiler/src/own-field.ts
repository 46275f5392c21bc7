import { type Field, InvalidInputError } from '@neural-ode/core';
import type { Leaves, OwnField } from '@neural-ode/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { programNodes } from './graph/graph.ts';
import { disposed } from './parameter-values.ts';
import type { StandIns } from './stand-ins.ts';
import type { Precision } from './stepper/layout.ts';
import type { Trace } from './trace/trace.ts';

/**
 * A compiled field as `@neural-ode/tensor` takes it.
 *
 * @param batched whether states are batches of what is compiled
 */
export function ownFieldOf(
  shapes: StandIns,
  traced: Trace,
  dtype: Precision,
  batched: boolean,
  field: (parameters: Float64Array) => Field<Float64Array, Float64Array>,
): OwnField {
  const { yPaths, argsPaths, hasBatchAxis } = shapes;
  const yShapes = shapes.yLeaves.map(({ shape }) => shape);
  /** Shapes of the state's leaves with as many samples as the given one has. */
  const batchOf = ({ leaves }: Leaves) =>
    yShapes.map((shape) => [leaves[0]?.shape[0] ?? 0, ...(hasBatchAxis ? shape.slice(1) : shape)]);
  const argsShapes = shapes.argsLeaves.map(({ shape }) => shape);
  const readsTime = programNodes(traced.slope).includes(traced.slope.inputs.t);
  return {
    dtype,
    reads(y, args) {
      check('y0', y, yPaths, batched ? batchOf(y) : yShapes);
      check('args', args ?? { leaves: [], paths: [] }, argsPaths, argsShapes);
      const tensors = traced.parameters.map(({ source, tensor }, n) =>
        source === 'argument' ? (args?.leaves[n] as tf.Tensor) : tensor,
      );
      const lost = tensors.findIndex(({ isDisposed }) => isDisposed);
      const { source, name } = traced.parameters[lost] ?? {};
      if (source && name !== undefined) throw disposed(source, name);
      // In double precision t is not rounded.
      return { parameters: tensors, outside: tensors, time: dtype === 'float32' && readsTime, check() {} };
    },
    field,
  };
}

function check(input: string, given: Leaves, paths: readonly string[], shapes: readonly (readonly number[])[]): void {
  const list = (of: readonly string[], at: (n: number) => readonly number[] | undefined) =>
    of.map((path, n) => `${path} [${at(n)}]`).join(', ') || 'none';
  const fits =
    given.leaves.length === paths.length &&
    given.leaves.every(
      ({ shape }, n) => given.paths[n] === paths[n] && tf.util.arraysEqual(shape, [...(shapes[n] ?? [])]),
    );
  if (fits) return;
  throw new InvalidInputError(
    input,
    `The field was compiled for other tensors: ${list(paths, (n) => shapes[n])}, and ${input} holds ` +
      `${list(given.paths, (n) => given.leaves[n]?.shape)}: compile it for these.`,
  );
}
