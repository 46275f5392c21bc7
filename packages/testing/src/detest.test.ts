import { readFileSync } from 'node:fs';
import { explicitRungeKutta } from '@neural-ode/solvers';
import { dopri5, tsit5, verner76 } from '@neural-ode/tableaux';
import { describe, expect, test } from 'vitest';
import { detestPage, detestProblems, solveDetest } from './index.ts';

test('docs/detest.md is what the solvers reach; node tools/detest-table.mjs writes it', () => {
  const page = readFileSync(new URL('../../../docs/detest.md', import.meta.url), 'utf8');
  expect(page).toBe(detestPage());
});

describe.each([dopri5, tsit5, verner76])('$name on DETEST', (tableau) => {
  const solver = explicitRungeKutta(tableau);

  test.each(detestProblems)('$name: the error falls with the tolerance and stays near it', (problem) => {
    const tolerances = [1e-4, 1e-6, 1e-8, 1e-10];
    const results = tolerances.map((tolerance) => solveDetest(problem, solver, tolerance)!);
    results.forEach(({ error }, n) => {
      // Orbits magnify errors, the more so the more eccentric they are.
      expect(error).toBeLessThan((problem.class === 'D' ? 2e4 : 300) * tolerances[n]!);
    });
    expect(results[2]!.error).toBeLessThan(0.1 * results[0]!.error);
    expect(results[3]!.error).toBeLessThan(0.1 * results[1]!.error);
    for (const n of [1, 2, 3]) expect(results[n]!.evaluations).toBeGreaterThan(results[n - 1]!.evaluations);
  });
});
