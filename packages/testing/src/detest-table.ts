import { solve } from '@neural-ode/core';
import { type ExplicitRungeKutta, explicitRungeKutta } from '@neural-ode/solvers';
import {
  bosh3,
  cashKarp,
  dop853,
  dopri5,
  fehlberg45,
  heunEuler,
  type Tableau,
  tsit5,
  verner65,
  verner76,
  verner87,
  verner98,
} from '@neural-ode/tableaux';
import { type DetestProblem, detestProblems } from './detest.ts';

/** Adaptive methods of the table, from low to high order. */
const tableaux: readonly Tableau[] = [
  heunEuler,
  bosh3,
  fehlberg45,
  cashKarp,
  dopri5,
  tsit5,
  verner65,
  verner76,
  dop853,
  verner87,
  verner98,
];

const detestSolvers: readonly ExplicitRungeKutta[] = tableaux.map(explicitRungeKutta);

/** Relative and absolute tolerance alike. */
const detestTolerances: readonly number[] = [1e-3, 1e-6, 1e-9, 1e-12];

/** A solver that needs more trials than this for one problem gets no entry. */
const maxSteps = 20_000;

/** One solve of a problem. */
export interface DetestResult {
  /** The largest over the components of |error| / (1 + |y|) at the end. */
  readonly error: number;
  readonly evaluations: number;
}

/** Solves a problem once; undefined when the end is not reached. */
export function solveDetest(
  problem: DetestProblem,
  solver: ExplicitRungeKutta,
  tolerance: number,
): DetestResult | undefined {
  const options = { solver, rtol: tolerance, atol: tolerance, maxSteps, throw: false } as const;
  const { status, ys, stats } = solve(problem, options);
  if (status !== 'success') return undefined;
  const errors = problem.end.map((exact, i) => Math.abs((ys[0]?.[i] as number) - exact) / (1 + Math.abs(exact)));
  return { error: Math.max(...errors), evaluations: stats.evaluations };
}

/** The row of one solver at one tolerance: for every class its worst error and all its evaluations. */
function detestRow(solver: ExplicitRungeKutta, tolerance: number): string[] {
  const cells = (['A', 'B', 'C', 'D', 'E'] as const).map((name) => {
    const results: DetestResult[] = [];
    for (const problem of detestProblems) {
      if (problem.class !== name) continue;
      const result = solveDetest(problem, solver, tolerance);
      if (!result) return '-';
      results.push(result);
    }
    const evaluations = results.reduce((sum, result) => sum + result.evaluations, 0);
    return `${Math.max(...results.map(({ error }) => error)).toExponential(0)} / ${evaluations}`;
  });
  return [solver.name, tolerance.toExponential(0), ...cells];
}

/** A Markdown table with its columns aligned. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] as string).length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i] as number)).join(' | ')} |`;
  return [head, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n');
}

/** docs/detest.md. */
export function detestPage(): string {
  const rows = detestSolvers.flatMap((solver) => detestTolerances.map((tolerance) => detestRow(solver, tolerance)));
  return `# DETEST

What the adaptive solvers reach on the 25 non-stiff problems of Hull, Enright, Fellen & Sedgwick 1972 ("Comparing
numerical methods for ordinary differential equations", SIAM J. Numer. Anal. 9(4), doi:10.1137/0709052), each on
[0, 20]: A single equations, B small systems, C moderate systems, D orbits of eccentricity 0.1 to 0.9, E equations of
second order; five problems a class.

A cell holds the class's worst error at t = 20, as the largest |y - exact| / (1 + |exact|), and the evaluations of all its
five problems together; exact values come from order-24 extrapolation in 34 digits (packages/testing/src/reference).
Relative and absolute tolerance are the same, the controller is the default one. A dash: more than ${maxSteps} trials for one
problem.

Written by \`node tools/detest-table.mjs\`; a test compares it with the solvers.

${table(['solver', 'tolerance', 'A', 'B', 'C', 'D', 'E'], rows)}
`;
}
