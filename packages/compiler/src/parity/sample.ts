import type * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { sizeOf } from '../graph/graph.ts';
import { randomNumbers } from '../graph/random-program.ts';

/** An operation, to be applied to operands. */
export type Op = (...xs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];

/** Makes a number between -1 and 1 one of the domain, away from where the function has no derivative. */
export type Domain = (u: number) => number;

/** An operation on operands of some shapes. */
export interface Sample {
  readonly shapes: readonly (readonly number[])[];
  readonly op: Op;
  /** The same in eager tfjs, where no function of tfjs runs the kernel itself. */
  readonly eager?: Op;
  /** Whether kinks lie anywhere among its values, where differences tell nothing: its gradient is compared with tfjs's only. */
  readonly kinked?: boolean;
}

/** How a kernel is compared. */
export interface KernelCase {
  readonly samples: fc.Arbitrary<Sample>;
  /** Of all operands, or of each. Default: the numbers between -2 and 2. */
  readonly domain?: Domain | readonly Domain[];
  /** Why no gradient is compared; absent where it is. */
  readonly noGradient?: 'not registered' | 'of truth values';
  /** How far off tfjs's own approximation is. */
  readonly eagerError?: number;
}

const size = fc.constantFrom(1, 2, 3, 4, 5, 9);
/** Any shape of that many axes. */
export const shape = (least = 0, most = 4): fc.Arbitrary<number[]> =>
  fc.array(size, { minLength: least, maxLength: most }).filter((sizes) => sizeOf(sizes) <= 200);

/** Shapes that broadcast: each axis of some operands is 1, and leading axes are missing. */
export const broadcasting = (count: number): fc.Arbitrary<number[][]> =>
  shape().chain((whole) =>
    fc.array(
      fc
        .tuple(fc.nat({ max: whole.length }), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
        .map(([skipped, ones]) => whole.map((length, n) => (ones[n] ? 1 : length)).slice(skipped)),
      { minLength: count, maxLength: count },
    ),
  );

/** Operands in their domains, as float32 has them: the same for the same seed. */
export function operandsOf({ shapes }: Sample, domain: KernelCase['domain'], seed: number): Float64Array[] {
  const random = randomNumbers(seed);
  return shapes.map((one, n) => {
    const into = (typeof domain === 'function' ? domain : domain?.[n]) ?? around(0, 2);
    return Float64Array.from({ length: sizeOf(one) }, () => Math.fround(into(2 * random() - 1)));
  });
}

/** Numbers around a middle. */
export const around =
  (middle: number, reach: number): Domain =>
  (u) =>
    middle + reach * u;

/** As far as `reach` on both sides of 0, and not at 0. */
export const nonZero =
  (reach = 3): Domain =>
  (u) =>
    reach * u + (u < 0 ? -0.1 : 0.1);

/** Numbers from -3 to 3 that are neither whole nor halfway. */
export const broken: Domain = (u) => {
  const halves = Math.floor(6 * u);
  return halves / 2 + 0.05 + 0.4 * (6 * u - halves);
};
