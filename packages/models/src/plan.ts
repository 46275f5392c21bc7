import { InvalidInputError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkPure } from './field-layers.ts';
import { type CallOptions, type Layer, onlyTensor } from './layer.ts';
import { OdeBlock } from './ode-block.ts';

/**
 * Solves every ODE block of a model without blocking, so that the next call of the model takes the steps found without a
 * search: it can be differentiated on a backend that cannot be read synchronously.
 *
 *     await plan(model, x, { training: true });
 *     optimizer.minimize(() => loss(labels, model.apply(x, { training: true })));
 *
 * @param x the input of the next call, or the list of inputs
 * @param options `training` as in the next call: default false
 * @throws InvalidInputError when a layer of the model is random, or keeps a state that a call changes; SolveError
 */
export async function plan(
  model: LayersModel,
  x: tf.Tensor | tf.Tensor[],
  options: Pick<CallOptions, 'training'> = {},
): Promise<void> {
  checkPure(model.layers, `The model '${model.name}'`);
  const walk: Walk = { training: options.training, made: [], planned: new Set() };
  try {
    await run(model, [x].flat(), walk);
  } catch (error) {
    for (const block of walk.planned) block.forgetPlan();
    throw error;
  } finally {
    tf.dispose(walk.made);
  }
}

/** A way through a model and the models inside of it. */
interface Walk {
  readonly training: boolean | undefined;
  /** The tensors made on the way. */
  readonly made: tf.Tensor[];
  readonly planned: Set<OdeBlock>;
}

/** The outputs of a model for these inputs. */
async function run(model: LayersModel, inputs: readonly tf.Tensor[], walk: Walk): Promise<tf.Tensor[]> {
  if (inputs.length !== model.inputs.length) {
    throw new InvalidInputError(
      'x',
      `The model '${model.name}' takes ${model.inputs.length} inputs and was given ${inputs.length}.`,
    );
  }
  const values = new Map(model.inputs.map((symbol, n) => [symbol.id, inputs[n] as tf.Tensor]));
  // A model lists its layers so that each stands behind those it gets its inputs from.
  for (const layer of model.layers as Layer[]) {
    for (const { inputTensors, outputTensors } of layer.inboundNodes) {
      const xs = inputTensors.flatMap(({ id }) => values.get(id) ?? []);
      // The node of an input has its value already; one whose inputs are elsewhere is of another model.
      if (values.has(outputTensors[0]?.id as number) || xs.length < inputTensors.length) continue;
      const ys = await apply(layer, xs);
      for (const [n, { id }] of outputTensors.entries()) values.set(id, ys[n] as tf.Tensor);
    }
  }
  return model.outputs.map(({ id }) => values.get(id) as tf.Tensor);

  async function apply(layer: Layer, xs: tf.Tensor[]): Promise<tf.Tensor[]> {
    if ('layers' in layer) return run(layer as LayersModel, xs, walk);
    const { training, made, planned } = walk;
    const x = xs.length === 1 ? (xs[0] as tf.Tensor) : xs;
    if (!(layer instanceof OdeBlock)) {
      const ys = tf.tidy(() => layer.apply(x, { training, observe() {} }) as tf.Tensor | tf.Tensor[]);
      made.push(...[ys].flat());
      return [ys].flat();
    }
    if (planned.has(layer)) {
      throw new InvalidInputError(
        'model',
        `The model applies the ODE block '${layer.name}' more than once, and only one solve of a block can be planned: ` +
          'give each place a block of its own, whose fields may share their layers.',
      );
    }
    planned.add(layer);
    const y = await layer.plan(onlyTensor(layer, x), { training });
    made.push(y);
    return [y];
  }
}
