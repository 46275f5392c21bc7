import { expectTypeOf, test } from 'vitest';
import {
  type ArrayOptions,
  type ByValueOrName,
  odeint,
  type SaveAt,
  type Solver,
  type Status,
  solve,
} from './index.ts';

declare const solver: Solver;

test('times and states may be plain arrays or Float64Arrays', () => {
  expectTypeOf(odeint).parameter(1).toEqualTypeOf<readonly number[] | Float64Array>();
  expectTypeOf(odeint((_t, y) => y, [1], Float64Array.of(0, 1), { solver })).toEqualTypeOf<Float64Array[]>();
});

test('a solution says how it ended, and where it was saved', () => {
  const solution = solve({ f: () => [0], y0: [1], t0: 0, t1: 1 }, { solver, saveAt: 'dense' });
  expectTypeOf(solution.status).toEqualTypeOf<Status>();
  expectTypeOf<SaveAt>().toEqualTypeOf<readonly number[] | 'end' | 'steps' | 'dense'>();
});

test('controllers are known by name, and no other name is', () => {
  expectTypeOf<'i' | 'pi' | 'pid'>().toExtend<ByValueOrName<'controller'>>();
  expectTypeOf<'pidd'>().not.toExtend<ByValueOrName<'controller'>>();
});

test('a solver must be given', () => {
  expectTypeOf<Record<never, never>>().not.toExtend<ArrayOptions>();
});
