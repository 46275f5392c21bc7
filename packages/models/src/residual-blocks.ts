import { initializers, layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { batchNorm } from './batch-norm.ts';
import type { Layer } from './layer.ts';

/** Makes the layers of a network, with names under a prefix and seeds that follow one another. */
export class LayerMaker {
  private seed: number | undefined;

  /** @param seed of the first weights; without one they differ from run to run */
  constructor(seed: number | undefined) {
    this.seed = seed;
  }

  /**
   * A convolution without bias, its padding 1 on all sides for a 3 x 3 kernel: TensorFlow's 'same' pads strided ones on two
   * sides only.
   */
  convolution(name: string, filters: number, kernelSize: 1 | 3, strides = 1): Layer[] {
    const padded = kernelSize === 3 && strides > 1;
    const padding = kernelSize === 3 && !padded ? 'same' : 'valid';
    const kernelInitializer = this.uniform();
    return [
      ...(padded ? [layers.zeroPadding2d({ name: `${name}_pad`, padding: 1 })] : []),
      layers.conv2d({ name, filters, kernelSize, strides, padding, useBias: false, kernelInitializer }),
    ];
  }

  /** Convolution and batch normalisation; with `relu` a ReLU behind. */
  normalised(name: string, filters: number, kernelSize: 1 | 3, strides: number, relu: boolean): Layer[] {
    return [
      ...this.convolution(`${name}_conv`, filters, kernelSize, strides),
      batchNorm({ name: `${name}_norm` }),
      ...(relu ? [layers.reLU({ name: `${name}_relu` })] : []),
    ];
  }

  /** A dense layer. */
  dense(name: string, inputs: number, units: number): Layer {
    const kernelInitializer = this.uniform();
    const bound = 1 / Math.sqrt(inputs);
    const biasInitializer = initializers.randomUniform({ minval: -bound, maxval: bound, ...this.nextSeed() });
    return layers.dense({ name, units, kernelInitializer, biasInitializer });
  }

  /**
   * PyTorch's default for the weights of Conv2d and Linear: uniform in +-1 / sqrt(inputs of a unit), and for Linear's bias too
   * (documentation of torch.nn.Conv2d and torch.nn.Linear, under Variables).
   */
  private uniform() {
    return initializers.varianceScaling({
      scale: 1 / 3,
      mode: 'fanIn',
      distribution: 'uniform',
      ...this.nextSeed(),
    });
  }

  private nextSeed(): { seed?: number } {
    return this.seed === undefined ? {} : { seed: this.seed++ };
  }
}

/** Applies layers one after the other. */
export function chain(x: SymbolicTensor, parts: readonly Layer[]): SymbolicTensor {
  return parts.reduce((y, layer) => layer.apply(y) as SymbolicTensor, x);
}

/**
 * The basic block of residual networks: two 3 x 3 convolutions with batch normalisation, and a shortcut around them, which is
 * a 1 x 1 convolution where the shape changes.
 *
 * He, Zhang, Ren & Sun 2016, "Deep Residual Learning for Image Recognition", arXiv:1512.03385, figure 5 left.
 */
export function basicBlock(
  make: LayerMaker,
  name: string,
  x: SymbolicTensor,
  filters: number,
  strides: number,
): SymbolicTensor {
  const y = chain(x, [
    ...make.normalised(`${name}_1`, filters, 3, strides, true),
    ...make.normalised(`${name}_2`, filters, 3, 1, false),
  ]);
  const same = strides === 1 && x.shape.at(-1) === filters;
  const shortcut = same ? x : chain(x, make.normalised(`${name}_shortcut`, filters, 1, strides, false));
  const sum = layers.add({ name: `${name}_add` }).apply([y, shortcut]) as SymbolicTensor;
  return chain(sum, [layers.reLU({ name: `${name}_relu` })]);
}
