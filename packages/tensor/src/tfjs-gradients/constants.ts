import type * as tf from '@tensorflow/tfjs-core';
import { type Gradient, zeroLike } from './gradient.ts';

const rounding = ['Step', 'Sign', 'Floor', 'Ceil', 'Round', 'OnesLike', 'ZerosLike', 'ArgMax', 'ArgMin'];
const logic = ['IsNan', 'IsInf', 'IsFinite', 'LogicalNot', 'All', 'Any'];

/** Functions that are constant almost everywhere. */
export const constants: readonly Gradient[] = [
  ...[...rounding, ...logic].map((name) => [name, 'x'] as const),
  ['OneHot', 'indices'] as const,
].map(([kernelName, input]) => ({
  kernelName,
  inputsToSave: [input],
  gradFunc: (_, [x]) => ({ [input]: () => zeroLike(x as tf.Tensor) }),
}));
