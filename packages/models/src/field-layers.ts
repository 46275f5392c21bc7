import { InvalidInputError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.ts';

/** Layers whose calls differ from one another, or change something. */
const impure: Readonly<Record<string, string>> = {
  BatchNormalization: 'changes its running statistics at every call: take batchNorm of @neural-ode/models',
  Dropout: 'is random',
  AlphaDropout: 'is random',
  GaussianDropout: 'is random',
  GaussianNoise: 'is random',
  SpatialDropout1D: 'is random',
};

/** All layers within a layer, itself included: those of models, of wrappers and of the fields of ODE blocks. */
export function layersWithin(layer: Layer): Layer[] {
  const inner = layer as {
    readonly layers?: readonly Layer[];
    readonly layer?: Layer;
    readonly field?: readonly Layer[];
  };
  const children = inner.layers ?? inner.field ?? (inner.layer ? [inner.layer] : []);
  return [layer, ...children.flatMap(layersWithin)];
}

/**
 * Refuses layers whose result is no function of their input: a solver calls its field for steps that it then rejects, and a
 * gradient calls it again.
 *
 * @param where what must be pure, for the message
 * @throws InvalidInputError naming the layer
 */
export function checkPure(layers: readonly Layer[], where: string): void {
  for (const layer of layers.flatMap(layersWithin)) {
    const what = layer.stateful ? 'keeps a state from call to call' : impure[layer.getClassName()];
    if (what === undefined) continue;
    throw new InvalidInputError(
      'f',
      `${where} holds the layer '${layer.name}' (${layer.getClassName()}), which ${what}.`,
    );
  }
}

/** A layer as plain data, from which {@link loadLayer} makes it again; weights apart. */
export function saveLayer(layer: Layer): tf.serialization.ConfigDict {
  return { className: layer.getClassName(), config: layer.getConfig() };
}

/** @throws InvalidInputError when the class of the layer is not registered */
export function loadLayer({ className, config }: tf.serialization.ConfigDict): Layer {
  const known = tf.serialization.SerializationMap.getMap().classNameMap[className as string];
  if (!known) {
    throw new InvalidInputError(
      'f',
      `The field of a saved ODE block holds a layer of the class ${className}, which is unknown here: import the module ` +
        'that registers it by tf.serialization.registerClass.',
    );
  }
  const [layerClass, fromConfig] = known;
  return fromConfig(layerClass, config as tf.serialization.ConfigDict) as Layer;
}
