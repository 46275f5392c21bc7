/**
 * Seeds that the tests always run: each that once failed, with what was wrong, and a few of every rank and size.
 */
export const keptSeeds: readonly number[] = [36, 147, 258, 369, 480, 591, 1111, 2222, 3333, 4444, 5555, 7777, 9999];
