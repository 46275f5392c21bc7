import { median } from '@neural-ode/cli/command-line';
import { registered, resolve, solve } from 'neural-ode';
import { dopri, ode45CashKarp, odex, type PeerSolve } from '../implementations/npm.ts';
import type { Bounds } from '../rounds.ts';
import { type PrecisionProblem, precisionProblems } from './problems.ts';

/** What one solver reached on one problem at one tolerance. */
export interface Point {
  readonly problem: string;
  readonly solver: string;
  /** rtol and atol. */
  readonly tolerance: number;
  /** Largest error of a component at the end. */
  readonly error: number;
  readonly evaluations: number;
  /** Median milliseconds of a solve. */
  readonly ms: number;
}

const tolerances = [1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12];

/** Solvers whose points cost more than they tell: orders of 3 and less at these tolerances. */
const leastOrder = 5;

/** Times all adaptive double-precision solvers of order 5 and more, in turns, on every problem at every tolerance. */
export async function measureWorkPrecision(
  { rounds, seconds }: Bounds,
  breathe: () => Promise<void>,
): Promise<Point[]> {
  const contests = precisionProblems.flatMap((problem) =>
    tolerances.flatMap((tolerance) =>
      Object.entries(solvers()).map(([solver, peer]) => {
        const run = contestant(problem, tolerance, peer);
        return {
          run,
          times: [] as number[],
          facts: { problem: problem.name, solver, tolerance, ...facts(problem, run) },
        };
      }),
    ),
  );
  const start = performance.now();
  // A first pass warms up.
  for (let round = -1; round < rounds; round++) {
    if (round > 0 && performance.now() - start > 1000 * seconds) break;
    for (const { run, times } of contests) {
      await breathe();
      const began = performance.now();
      run();
      const ms = performance.now() - began;
      if (round >= 0) times.push(ms);
    }
  }
  return contests.map(({ facts, times }) => ({ ...facts, ms: median(times) }));
}

type Run = (count?: () => void) => ArrayLike<number>;

function contestant({ f, y0, t0, t1 }: PrecisionProblem, tolerance: number, peer: PeerSolve): Run {
  return (count) => {
    const field: typeof f = count
      ? (t, y, p) => {
          count();
          return f(t, y, p);
        }
      : f;
    return peer(field, y0, t0, t1, tolerance, tolerance);
  };
}

function facts({ end }: PrecisionProblem, run: Run): { error: number; evaluations: number } {
  let evaluations = 0;
  const found = run(() => {
    evaluations++;
  });
  return { error: Math.max(...end.map((value, n) => Math.abs(value - (found[n] as number)))), evaluations };
}

/** Ours by their registered names, then the npm packages. */
function solvers(): Record<string, PeerSolve> {
  const ours = registered('solver').flatMap((name) => {
    const solver = resolve('solver', name as 'dopri5');
    if (solver.errorOrder === undefined || solver.order < leastOrder) return [];
    const run: PeerSolve = (f, y0, t0, t1, rtol, atol) =>
      solve({ f, y0, t0, t1 }, { solver, rtol, atol }).ys[0] as Float64Array;
    return [[name, run] as const];
  });
  return Object.fromEntries([
    ...ours,
    ...Object.entries({ odex, dopri, 'ode45-cash-karp': ode45CashKarp }).map(
      ([name, peer]) => [`${name} (npm)`, peer()] as const,
    ),
  ]);
}
