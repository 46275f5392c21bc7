import { expect, test } from 'vitest';
import { binary, constant, gather, input, matMul, reduce, scalar, scan, scatterAdd, slice, unary } from './build.ts';
import { erf } from './functions.ts';
import type { Node } from './graph.ts';
import { interpret } from './interpret.ts';
import { knownValue } from './values.ts';

const list = (node: Node) => [...knownValue(node)];
const matrix = constant([1, 2, 3, 4, 5, 6], [2, 3]);

test('the error function is exact to double precision', () => {
  // Abramowitz & Stegun 1964, table 7.1, and mpmath 1.3 at 20 digits.
  const known: [number, number][] = [
    [0, 0],
    [1e-10, 1.1283791670955126e-10],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [3, 0.9999779095030014],
    [-1, -0.8427007929497149],
    [7, 1],
  ];
  for (const [x, value] of known) expect(Math.abs(erf(x) - value)).toBeLessThanOrEqual(3e-16 * Math.abs(value));
  expect(erf(Number.NaN)).toBeNaN();
});

test('rounding is to even, a remainder has the sign of the divisor', () => {
  expect(list(unary('round', constant([0.5, 1.5, -0.5, -1.5, 2.4, -2.6], [6])))).toEqual([0, 2, 0, -2, 2, -3]);
  expect(list(binary('mod', constant([5, -5, 5, -5], [4]), constant([3, 3, -3, -3], [4])))).toEqual([2, 1, -1, -2]);
});

test('products, sums, scans', () => {
  expect(list(matMul(matrix, matrix, false, true))).toEqual([14, 32, 32, 77]);
  expect(list(matMul(matrix, matrix, true, false))).toEqual([17, 22, 27, 22, 29, 36, 27, 36, 45]);
  expect(list(reduce('sum', matrix, [0]))).toEqual([5, 7, 9]);
  expect(list(reduce('max', matrix, [0, 1]))).toEqual([6]);
  expect(list(scan('sum', matrix, 1, true, false))).toEqual([0, 1, 3, 0, 4, 9]);
  expect(list(scan('prod', matrix, 0, false, true))).toEqual([4, 10, 18, 4, 5, 6]);
});

test('a negative stride, and indices out of range', () => {
  expect(list(slice(matrix, [1, 2], [2, 2], [-1, -2]))).toEqual([6, 4, 3, 1]);
  expect(list(gather(matrix, constant([-3, 7], [2]), 1))).toEqual([1, 3, 4, 6]);
  expect(list(scatterAdd(matrix, constant([1, 1, 9], [3]), 1, 3))).toEqual([0, 3, 3, 0, 9, 6]);
});

test('an input that is missing is named', () => {
  const y = input('y', 0, [2]);
  const inputs = { t: input('t', 0, []), y: [y], parameters: [], cotangent: [] };
  const run = () => interpret({ inputs, outputs: { slope: [binary('add', y, scalar(1))] } }, { y: [[1]] });
  expect(run).toThrow('The input y 0 needs 2 values.');
});
