import { detestProblems } from '@neural-ode/testing';
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { drawDiagram } from './draw.ts';
import type { Point } from './measure.ts';
import { precisionProblems } from './problems.ts';

test.each([
  ['predator-prey', 'B1'],
  ['orbit', 'D3'],
  ['van-der-pol', 'E2'],
])('%s is DETEST %s', (name, detest) => {
  const ours = precisionProblems.find((problem) => problem.name === name);
  const theirs = detestProblems.find((problem) => problem.name === detest);
  const { y0, t0, t1, end } = theirs ?? {};
  expect(ours).toMatchObject({ y0, t0, t1, end });
  const y = Float64Array.from(y0 ?? []);
  expect(Array.from(ours?.f(0, y, y) ?? [])).toEqual(
    Array.from(theirs?.f(0, y, y) ?? [], (v) => expect.closeTo(v, 12)),
  );
});

test('draws a line for each solver', () => {
  const points = ['dopri5', 'odex (npm)'].flatMap((solver, s) =>
    [1e-3, 1e-6, 1e-9].map((tolerance, n): Point => {
      const error = tolerance * (s + 1);
      return { problem: 'orbit', solver, tolerance, error, evaluations: 100 * 3 ** n, ms: 0.1 * 2 ** n };
    }),
  );
  for (const against of ['ms', 'evaluations'] as const) {
    const text = drawDiagram('orbit', points, against);
    const { document } = parseHTML(text);
    expect(text).toMatch(/^<\?xml [^>]+>\n<svg .*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(document.querySelectorAll('circle')).toHaveLength(6);
    for (const label of ['Orbit of eccentricity 0.5', 'dopri5', 'odex (npm)', 'error']) expect(text).toContain(label);
  }
});
