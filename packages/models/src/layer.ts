import { checkOptions, InvalidInputError } from '@neural-ode/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { layers, Shape } from '@tensorflow/tfjs-layers';
import type { BatchStatistics } from './batch-norm.ts';

/** A layer of tfjs-layers, models included. */
export type Layer = layers.Layer;

/** Options that every layer has. */
export interface LayerOptions {
  /** Unique within a model. Default: made of the class and a counter. */
  readonly name?: string | undefined;
  /** Whether its weights are trained. Default true. */
  readonly trainable?: boolean | undefined;
  /** Shape of one sample, needed where the layer is the first of a sequential model. */
  readonly inputShape?: Shape | undefined;
}

/** What tfjs-layers hands to the `call` of every layer, nested ones included. */
export interface CallOptions {
  readonly training?: boolean | undefined;
  /**
   * Told of the statistics of batches, in place of an update of running ones: then the call changes nothing. The tensors
   * belong to the tidy around the call.
   */
  readonly observe?: ((statistics: BatchStatistics) => void) | undefined;
}

const layerOptionNames = ['name', 'trainable', 'inputShape', 'batchInputShape', 'dtype'];

/**
 * The options that tfjs's own constructor of layers takes; the rest is checked to be known.
 *
 * @throws InvalidInputError for an option that does not exist
 */
export function layerOptions(options: object, more: readonly string[]): LayerArguments {
  checkOptions(options, [...more, ...layerOptionNames]);
  return present(Object.fromEntries(Object.entries(options).filter(([name]) => layerOptionNames.includes(name))));
}

type LayerArguments = ConstructorParameters<typeof layers.Layer>[0] & object;

/** The entries that have a value: a saved model would hold null for the others. */
export function present<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== null)) as T;
}

/** The options that a saved layer was made with; tfjs adds an entry of its own when it loads one. */
export function savedOptions(config: tf.serialization.ConfigDict): tf.serialization.ConfigDict {
  const { customObjects: _, ...options } = config;
  return present(options);
}

/** The tensor of a layer that takes one only. */
export function onlyTensor(layer: Layer, inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
  const [x, ...others] = [inputs].flat();
  if (x && others.length === 0) return x;
  throw new InvalidInputError(
    'inputs',
    `The layer '${layer.name}' was given several inputs where it takes one tensor.`,
  );
}

/** The shape of a layer that takes one tensor only. */
export function onlyShape(layer: Layer, shapes: Shape | Shape[]): Shape {
  const [shape, ...others] = (Array.isArray(shapes[0]) ? shapes : [shapes]) as Shape[];
  if (shape && others.length === 0) return shape;
  throw new InvalidInputError(
    'inputs',
    `The layer '${layer.name}' was given several inputs where it takes one tensor.`,
  );
}

/** How many channels there are: the size of the last axis. */
export function channelCount(layer: Layer, shape: Shape): number {
  const count = shape.at(-1);
  if (typeof count === 'number') return count;
  throw new InvalidInputError(
    'inputShape',
    `The layer '${layer.name}' was given the shape [${shape}], whose last axis has no size: fix the number of channels.`,
  );
}
