import { mathArray, type UnaryMath } from '@neural-ode/assembler/math';
import type * as tf from '@tensorflow/tfjs-core';
import { areFloats, type OwnKernel } from '../kernel.ts';
import type { Workspace } from '../workspace.ts';

/** The function of whole vectors of four: it reads and writes so many numbers. */
type Whole = (from: number, to: number, count: number) => void;

/** Computes a function of every number of a tensor. */
function compute(name: UnaryMath, x: tf.TensorInfo, workspace: Workspace): tf.TensorInfo {
  const { whole } = workspace.module<{ whole: Whole }>(name, (module) => {
    module.export('whole', mathArray(module, name, 'f32x4'));
  });
  const aside = workspace.scratch('vector', 16);
  const output = workspace.output(x.shape);
  const size = x.shape.reduce((product, n) => product * n, 1);
  const [from, to] = [workspace.address(x), workspace.address(output)];
  const rest = size % 4;
  whole(from, to, size - rest);
  if (rest === 0) return output;
  const numbers = workspace.integers();
  const move = (target: number, source: number) => {
    for (let n = 0; n < rest; n++) numbers[(target >>> 2) + n] = numbers[(source >>> 2) + n] as number;
  };
  // A large number of an earlier call in the other lanes would send all of them another way, which rounds otherwise.
  numbers.fill(0, aside >>> 2, (aside >>> 2) + 4);
  move(aside, from + 4 * (size - rest));
  whole(aside, aside, 4);
  move(to + 4 * (size - rest), aside);
  return output;
}

const functions: Readonly<Record<string, UnaryMath>> = {
  Acos: 'acos',
  Asin: 'asin',
  Atan: 'atan',
  Cos: 'cos',
  Cosh: 'cosh',
  Erf: 'erf',
  Exp: 'exp',
  Expm1: 'expm1',
  Log: 'log',
  Log1p: 'log1p',
  Sin: 'sin',
  Sinh: 'sinh',
  Softplus: 'softplus',
  Tan: 'tan',
  Tanh: 'tanh',
};

/** Functions of one tensor that tfjs computes one number at a time; these are accurate to 4 units in the last place. */
export const unary: readonly OwnKernel[] = Object.entries(functions).map(([kernelName, name]) => ({
  kernelName,
  compute(inputs, _, workspace) {
    const { x } = inputs as { x: tf.TensorInfo };
    return areFloats(x) ? compute(name, x, workspace) : undefined;
  },
}));
