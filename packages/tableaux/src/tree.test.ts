import { expect, it } from 'vitest';
import { treesOfOrder, treesUpTo } from './tree.ts';

it('generates every rooted tree once', () => {
  const counts = Array.from({ length: 10 }, (_, i) => treesOfOrder(i + 1).length);
  expect(counts).toEqual([1, 1, 2, 4, 9, 20, 48, 115, 286, 719]);
  const texts = treesUpTo(10).map(String);
  expect(new Set(texts).size).toBe(texts.length);
});

it('prints trees', () => {
  expect(treesUpTo(4).map(String)).toEqual(['τ', '[τ]', '[τ,τ]', '[[τ]]', '[τ,τ,τ]', '[[τ],τ]', '[[τ,τ]]', '[[[τ]]]']);
});

it('knows densities and symmetries: n!/(sigma gamma), summed over the trees of order n, is (n - 1)!', () => {
  let factorial = 1; // (n - 1)!
  for (let n = 1; n <= 10; n++) {
    const labellings = treesOfOrder(n).map(({ symmetry, density }) => (factorial * n) / (symmetry * density));
    expect(labellings.every(Number.isInteger)).toBe(true);
    expect(labellings.reduce((sum, x) => sum + x, 0)).toBe(factorial);
    factorial *= n;
  }
});
