import { InvalidInputError } from '@neural-ode/core';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, type LayerVariable, layers, type Shape } from '@tensorflow/tfjs-layers';
import { channelCount, type LayerOptions, layerOptions, onlyShape, onlyTensor, savedOptions } from './layer.ts';

/** Options of {@link groupNorm}. */
export interface GroupNormOptions extends LayerOptions {
  /** Into how many groups of the same size the channels are divided, neighbours together. */
  readonly groups: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number | undefined;
}

/**
 * Group normalisation (Wu & He 2018, arXiv:1803.08494): each sample's channels, the last axis, are normalised in groups, over all
 * places. It is pure, and the same in training and after.
 */
export class GroupNorm extends layers.Layer {
  static readonly className = 'GroupNorm';
  readonly groups: number;
  readonly epsilon: number;
  private scale: LayerVariable | undefined;
  private offset: LayerVariable | undefined;

  constructor(options: GroupNormOptions) {
    super(layerOptions(options, ['groups', 'epsilon']));
    this.groups = options.groups;
    this.epsilon = options.epsilon ?? 1e-5;
    if (!(Number.isInteger(this.groups) && this.groups > 0)) {
      throw new InvalidInputError('groups', `groups is ${this.groups}: give a positive integer.`);
    }
    if (!(this.epsilon >= 0 && this.epsilon < 1)) {
      throw new InvalidInputError(
        'epsilon',
        `epsilon is ${this.epsilon}: give a number of at least 0 and less than 1.`,
      );
    }
  }

  override build(inputShape: Shape | Shape[]): void {
    const channels = channelCount(this, onlyShape(this, inputShape));
    if (channels % this.groups !== 0) {
      throw new InvalidInputError(
        'groups',
        `The ${channels} channels of '${this.name}' do not divide into ${this.groups} groups: give a divisor of ${channels}.`,
      );
    }
    this.scale = this.addWeight('gamma', [channels], 'float32', initializers.ones());
    this.offset = this.addWeight('beta', [channels], 'float32', initializers.zeros());
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = onlyTensor(this, inputs);
      const [batch = 1] = x.shape;
      const size = (x.shape.at(-1) as number) / this.groups;
      const grouped = tf.reshape(x, [batch, -1, this.groups, size]);
      const { mean, variance } = tf.moments(grouped, [1, 3], true);
      const normal = tf.mul(tf.sub(grouped, mean), tf.rsqrt(tf.add(variance, this.epsilon)));
      const scale = this.scale?.read() as tf.Tensor;
      return tf.add(tf.mul(tf.reshape(normal, x.shape), scale), this.offset?.read() as tf.Tensor);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), groups: this.groups, epsilon: this.epsilon };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(savedOptions(config));
  }
}
tf.serialization.registerClass(GroupNorm);

/** A {@link GroupNorm} layer. */
export function groupNorm(options: GroupNormOptions): GroupNorm {
  return new GroupNorm(options);
}
