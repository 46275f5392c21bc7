import { InvalidInputError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, type LayerVariable, layers, type Shape } from '@tensorflow/tfjs-layers';
import {
  type CallOptions,
  channelCount,
  type LayerOptions,
  layerOptions,
  onlyShape,
  onlyTensor,
  savedOptions,
} from './layer.ts';

/** What a batch normalisation measured in one batch. */
export interface BatchStatistics {
  readonly layer: BatchNorm;
  /** The mean and the variance of each channel, `[channels]`; the variance is the mean squared deviation. */
  readonly mean: tf.Tensor;
  readonly variance: tf.Tensor;
  /** How many values of each channel there were. */
  readonly count: number;
}

/** Options of {@link batchNorm}. */
export interface BatchNormOptions extends LayerOptions {
  /** The share of the running statistics that an update keeps. Default 0.9. */
  readonly momentum?: number | undefined;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number | undefined;
}

/**
 * Batch normalisation (Ioffe & Szegedy 2015, arXiv:1502.03167) over all axes but the last, for use inside and outside of
 * an ODE block. While training it normalises by the statistics of the batch, else by running ones.
 *
 * A solver calls its field for steps that it then rejects, and a gradient calls it again. So inside a block a call never
 * changes the running statistics: the block updates them after the solve, once for each accepted step. Outside of one, a
 * call in training updates them.
 */
export class BatchNorm extends layers.Layer {
  static readonly className = 'BatchNorm';
  readonly momentum: number;
  readonly epsilon: number;
  private scale: LayerVariable | undefined;
  private offset: LayerVariable | undefined;
  private runningMean: LayerVariable | undefined;
  private runningVariance: LayerVariable | undefined;

  constructor(options: BatchNormOptions = {}) {
    super(layerOptions(options, ['momentum', 'epsilon']));
    this.momentum = options.momentum ?? 0.9;
    this.epsilon = options.epsilon ?? 1e-5;
    for (const input of ['momentum', 'epsilon'] as const) {
      if (this[input] >= 0 && this[input] < 1) continue;
      throw new InvalidInputError(input, `${input} is ${this[input]}: give a number of at least 0 and less than 1.`);
    }
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = [channelCount(this, onlyShape(this, inputShape))];
    const [zeros, ones] = [initializers.zeros(), initializers.ones()];
    // Named as in tfjs's own batch normalisation, and so as in Keras.
    this.scale = this.addWeight('gamma', shape, 'float32', ones);
    this.offset = this.addWeight('beta', shape, 'float32', zeros);
    this.runningMean = this.addWeight('moving_mean', shape, 'float32', zeros, undefined, false);
    this.runningVariance = this.addWeight('moving_variance', shape, 'float32', ones, undefined, false);
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], { training, observe }: CallOptions = {}): tf.Tensor {
    return tf.tidy(() => {
      const x = onlyTensor(this, inputs);
      let mean = this.runningMean?.read();
      let variance = this.runningVariance?.read();
      if (training) {
        const statistics = this.measure(x);
        ({ mean, variance } = statistics);
        if (observe) observe(statistics);
        else this.update(statistics);
      }
      return tf.batchNorm(
        x,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        this.offset?.read() as tf.Tensor1D,
        this.scale?.read() as tf.Tensor1D,
        this.epsilon,
      );
    });
  }

  /**
   * Takes the statistics of a batch into the running ones. The variance counts as that of a sample, divided by count - 1,
   * as in PyTorch.
   */
  update({ mean, variance, count }: Omit<BatchStatistics, 'layer'>): void {
    tf.tidy(() => {
      this.mix(this.runningMean, mean);
      this.mix(this.runningVariance, tf.mul(variance, count / (count - 1)));
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), momentum: this.momentum, epsilon: this.epsilon };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(savedOptions(config));
  }

  private measure(x: tf.Tensor): BatchStatistics {
    const count = x.size / (x.shape.at(-1) as number);
    if (count < 2) {
      throw new InvalidInputError(
        'inputs',
        `The layer '${this.name}' has one value a channel to train on, which varies by nothing: give a larger batch.`,
      );
    }
    const { mean, variance } = tf.moments(x, [...Array(x.rank - 1).keys()]);
    return { layer: this, mean, variance, count };
  }

  private mix(running: LayerVariable | undefined, value: tf.Tensor): void {
    running?.write(tf.add(tf.mul(running.read(), this.momentum), tf.mul(value, 1 - this.momentum)));
  }
}
tf.serialization.registerClass(BatchNorm);

/** A {@link BatchNorm} layer. */
export function batchNorm(options?: BatchNormOptions): BatchNorm {
  return new BatchNorm(options);
}
