/** Seeds that the tests always run. */
export const keptSeeds: readonly number[] = [
  // A few of every rank and size.
  36, 147, 258, 369, 480, 591, 1111, 2222, 3333, 4444, 5555, 7777, 9999,
  // A sum of 297 equal numbers: its rounding errors all have one sign in the interpreter.
  1850, 7315,
  // A product of hyperbolic tangents of large numbers, which must be exactly 1.
  20159,
];
