import { createRequire } from 'node:module';
import type { ArrayFunction } from 'neural-ode';
import { type Runner, Unavailable } from '../entry.ts';
import type { SolveProblem } from '../problems/solve-problem.ts';

/** What is wanted of a package: the state at t1, in the form its authors show. */
export type PeerSolve = (
  f: ArrayFunction,
  y0: readonly number[],
  t0: number,
  t1: number,
  rtol: number,
  atol: number,
) => ArrayLike<number>;

/** Solves every start by a package, each with steps of its own. */
export function solvePeer(peer: () => PeerSolve, { f, starts, t0, t1, rtol, atol }: SolveProblem): Runner {
  const solve = peer();
  return {
    run: () => Float64Array.from(starts.flatMap((y0) => Array.from(solve(f, y0, t0, t1, rtol, atol)))),
  };
}

/** odex: extrapolation of the midpoint rule (Gragg, Bulirsch, Stoer). */
export function odex(): PeerSolve {
  const { Solver } = load<{
    Solver: new (
      n: number,
    ) => {
      absoluteTolerance: number;
      relativeTolerance: number;
      solve(f: (t: number, y: number[]) => number[], t0: number, y0: number[], t1: number): { y: number[] };
    };
  }>(() => require('odex'));
  return (f, y0, t0, t1, rtol, atol) => {
    const solver = new Solver(y0.length);
    solver.relativeTolerance = rtol;
    solver.absoluteTolerance = atol;
    // It keeps what the field returns, so each call needs an array of its own.
    return solver.solve((t, y) => Array.from(f(t, y as never, none)), t0, [...y0], t1).y;
  };
}

/** dopri: Dormand and Prince 5(4), with dense output (MRC Centre for Global Infectious Disease Analysis). */
export function dopri(): PeerSolve {
  const { integrate } = load<{
    integrate(
      rhs: (t: number, y: number[], dydt: number[]) => void,
      y: number[],
      t0: number,
      t1: number,
      control: { rtol: number; atol: number },
    ): (ts: number[]) => number[][];
  }>(() => require('dopri'));
  return (f, y0, t0, t1, rtol, atol) => {
    const rhs = (t: number, y: number[], dydt: number[]) => copyInto(dydt, f(t, y as never, none));
    return integrate(rhs, [...y0], t0, t1, { rtol, atol })([t1])[0] as number[];
  };
}

/** ode45-cash-karp: Cash and Karp 5(4). It has one tolerance, and is given our scale atol + rtol |y|. */
export function ode45CashKarp(): PeerSolve {
  const ode45 = load<
    (
      y0: Float64Array,
      rhs: (dydt: Float64Array, y: Float64Array, t: number) => void,
      t0: number,
      dt0: number,
      options: object,
    ) => { y: Float64Array; steps(n: number, limit: number): boolean }
  >(() => require('ode45-cash-karp'));
  return (f, y0, t0, t1, rtol, atol) => {
    const rhs = (dydt: Float64Array, y: Float64Array, t: number) => copyInto(dydt, f(t, y, none));
    const integrator = ode45(Float64Array.from(y0), rhs, t0, 1e-3 * (t1 - t0), {
      tol: 1,
      errorScaleFunction: (_i: number, _dt: number, y: number) => atol + rtol * Math.abs(y),
    });
    integrator.steps(Number.POSITIVE_INFINITY, t1);
    return integrator.y;
  };
}

/** math.js: solveODE by Dormand and Prince 5(4). It has one tolerance, for the absolute error. */
export function mathjs(): PeerSolve {
  const { create, solveODEDependencies } = load<{
    create(dependencies: object): {
      solveODE(
        f: (t: number, y: number[]) => number[],
        span: number[],
        y0: number[],
        options: object,
      ): { y: number[][] };
    };
    solveODEDependencies: object;
  }>(() => require('mathjs'));
  const { solveODE } = create(solveODEDependencies);
  return (f, y0, t0, t1, rtol) => {
    const rhs = (t: number, y: number[]) => Array.from(f(t, y as never, none));
    return solveODE(rhs, [t0, t1], [...y0], { method: 'RK45', tol: rtol }).y.at(-1) as number[];
  };
}

const none = new Float64Array(0);
const require = createRequire(import.meta.url);

/** A CommonJS package, typed by hand: their own types are missing, or sources that our compiler options refuse. */
function load<T>(required: () => unknown): T {
  try {
    return required() as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new Unavailable(`not installed: ${(error as Error).message.split('\n')[0]}`);
  }
}

function copyInto(target: number[] | Float64Array, source: ArrayLike<number>): void {
  for (let i = 0; i < source.length; i++) target[i] = source[i] as number;
}
