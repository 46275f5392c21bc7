import { InvalidInputError } from '@neural-ode/core';
import { input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { basicBlock, chain, LayerMaker } from './residual-blocks.ts';

/** Options of {@link node18} and {@link resnet18}. */
export interface ResidualNetworkOptions {
  /** How many classes there are: the size of the output. */
  readonly classes: number;
  /** Channels of the first stage; the others have 2, 4 and 8 times as many. Default 64. */
  readonly width?: number | undefined;
  /** Shape of an image, `[height, width, channels]`. Default `[32, 32, 3]`, that of CIFAR. */
  readonly inputShape?: readonly [number, number, number] | undefined;
  /** Seed of the initial weights. Default: they differ from run to run. */
  readonly seed?: number | undefined;
}

/** Makes the second block of a stage. */
export type SecondBlock = (make: LayerMaker, name: string, x: SymbolicTensor, filters: number) => SymbolicTensor;

/**
 * A convolution, four stages of two blocks each, the mean over all places, and a dense layer.
 *
 * @param second makes the second block of each stage
 */
export function residualNetwork(name: string, options: ResidualNetworkOptions, second: SecondBlock): LayersModel {
  const { classes, width = 64, inputShape = [32, 32, 3], seed } = options;
  for (const [option, value] of Object.entries({ classes, width })) {
    if (Number.isInteger(value) && value > 0) continue;
    throw new InvalidInputError(option, `${option} is ${value}: give a positive integer.`);
  }
  const make = new LayerMaker(seed);
  const image = input({ name: 'image', shape: [...inputShape] });
  let x = chain(image, make.normalised('stem', width, 3, 1, true));
  for (const [n, strides] of [1, 2, 2, 2].entries()) {
    const filters = width * 2 ** n;
    x = basicBlock(make, `stage${n + 1}_block`, x, filters, strides);
    x = second(make, `stage${n + 1}`, x, filters);
  }
  const features = chain(x, [layers.globalAveragePooling2d({ name: 'pool', dataFormat: 'channelsLast' })]);
  const logits = chain(features, [make.dense('logits', 8 * width, classes)]);
  return model({ name, inputs: image, outputs: logits });
}
