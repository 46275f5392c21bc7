import type * as tf from '@tensorflow/tfjs-core';
import { type Gradient, zeroLike } from './gradient.ts';

const ofX = ['Step', 'Sign', 'Floor', 'Ceil', 'Round', 'IsNan', 'IsInf', 'IsFinite', 'OnesLike', 'ZerosLike'].concat([
  'LogicalNot',
  'ArgMax',
  'ArgMin',
  'All',
  'Any',
]);

/** Functions that are constant almost everywhere. */
export const constants: readonly Gradient[] = [
  ...ofX.map((name) => [name, 'x'] as const),
  ['OneHot', 'indices'] as const,
].map(([kernelName, input]) => ({
  kernelName,
  inputsToSave: [input],
  gradFunc: (_, [x]) => ({ [input]: () => zeroLike(x as tf.Tensor) }),
}));
