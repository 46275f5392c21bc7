import { explicitRungeKutta } from '@neural-ode/solvers';
import { bosh3, cashKarp, dop853, dopri5, fehlberg45, rk4, tsit5, verner65, verner76 } from '@neural-ode/tableaux';
import { audit, deferredSpace, fieldOf, rationalSystem, reference, scaledError, spiral } from '@neural-ode/testing';
import { describe, expect, test } from 'vitest';
import {
  countedField,
  float64Space,
  odeint,
  type Problem,
  plan,
  replay,
  runAsync,
  runSync,
  type SaveAt,
  type SolveOptions,
  solve,
  solveRoutine,
} from './index.ts';

type Options = SolveOptions<Float64Array>;
const solver = explicitRungeKutta(dopri5);
const problem: Problem<Float64Array, Float64Array> = {
  field: fieldOf(spiral),
  space: float64Space,
  y0: Float64Array.from(spiral.y0),
  t0: 0,
  t1: 2,
};

const suitable = [bosh3, fehlberg45, cashKarp, dopri5, tsit5, verner65, verner76, dop853];

describe.each(suitable)("SciPy's rational system by $name", (tableau) => {
  test.each(reference.rationalSystem.spans)('from t = %d to %d', (t0, t1) => {
    const tolerance = { rtol: 1e-3, atol: 1e-6 };
    const options = { solver: explicitRungeKutta(tableau), ...tolerance, saveAt: 'dense' } as const;
    const { ts, ys, dense, stats } = solve({ ...rationalSystem, t0: t0!, t1: t1! }, options);
    expect(stats.evaluations).toBeLessThan(40);
    const exact = rationalSystem.exact!;
    ts.forEach((t, n) => {
      expect(scaledError(ys[n]!, exact(t), tolerance)).toBeLessThan(5);
    });
    for (let k = 0; k <= 50; k++) {
      const t = t0! + ((t1! - t0!) * k) / 50;
      expect(scaledError(dense!(t), exact(t), tolerance)).toBeLessThan(5);
    }
  });
});

describe('odd states and spans', () => {
  test('a state without components stays empty', () => {
    for (const mode of [{}, { stepSize: 0.3 }]) {
      const ys = odeint(() => [], [], [0, 0.5, 1], { solver, ...mode });
      expect(ys).toEqual([new Float64Array(0), new Float64Array(0), new Float64Array(0)]);
    }
  });

  test.each<SaveAt>(['end', 'steps', 'dense', [3]])(
    'a span of no length gives y0 without an evaluation (%j)',
    (saveAt) => {
      for (const mode of [{}, { stepSize: 0.3 }]) {
        const f = () => {
          throw new Error('The field was evaluated.');
        };
        const { ts, ys, stats, dense } = solve({ f, y0: [7], t0: 3, t1: 3 }, { solver, saveAt, ...mode });
        expect(ts).toEqual([3]);
        expect(ys).toEqual([Float64Array.of(7)]);
        expect(stats).toEqual({ accepted: 0, rejected: 0, evaluations: 0 });
        if (saveAt === 'dense') expect(dense?.(3)).toEqual(Float64Array.of(7));
      }
    },
  );

  test('one output time is y0', () => {
    expect(odeint(spiral.f, [1, 2], [0.5], { solver })).toEqual([Float64Array.of(1, 2)]);
  });

  test('a field that is zero takes few steps', () => {
    const { ys, stats } = solve({ f: () => [0], y0: [0], t0: 0, t1: 100 }, { solver });
    expect(ys).toEqual([Float64Array.of(0)]);
    expect(stats.accepted).toBeLessThan(15);
  });

  test('y0 is neither changed nor handed out', () => {
    const y0 = Float64Array.of(0.5, 0);
    const { ys } = runSync(solveRoutine({ ...problem, y0 }, { solver, saveAt: 'steps' }));
    expect(ys[0]).toEqual(y0);
    expect(ys[0]).not.toBe(y0);
    expect(y0).toEqual(Float64Array.of(0.5, 0));
  });
});

describe('tolerances', () => {
  test('may differ from component to component', () => {
    // The first component is exact to any tolerance; only the second decides on the steps.
    const f = (t: number) => [1, Math.cos(20 * t)];
    const run = (rtol: number[], atol: number[]) =>
      solve({ f, y0: [0, 0], t0: 0, t1: 1 }, { solver, rtol, atol }).stats;
    const strict = run([1e-3, 1e-9], [1e-3, 1e-11]);
    const loose = run([1e-9, 1e-3], [1e-11, 1e-3]);
    expect(strict.accepted).toBeGreaterThan(3 * loose.accepted);
  });

  test('given for each component alike equal a number', () => {
    const one = solve(spiral, { solver, parameters: [1.5], rtol: 1e-6, atol: 1e-8 });
    const each = solve(spiral, { solver, parameters: [1.5], rtol: [1e-6, 1e-6], atol: Float64Array.of(1e-8, 1e-8) });
    expect(each.ys).toEqual(one.ys);
    expect(each.stats).toEqual(one.stats);
  });

  test('when tighter never cost fewer evaluations and never a larger error', () => {
    const runs = [1e-3, 1e-5, 1e-7, 1e-9].map((rtol) => {
      const { ys, stats } = solve(spiral, { solver, parameters: [1.5], rtol, atol: rtol / 100 });
      const [x = 0, y = 0] = spiral.exact!(spiral.t1);
      return { evaluations: stats.evaluations, error: Math.hypot(ys[0]![0]! - x, ys[0]![1]! - y) };
    });
    for (const [n, run] of runs.slice(1).entries()) {
      expect(run.evaluations).toBeGreaterThan(runs[n]!.evaluations);
      expect(run.error).toBeLessThan(runs[n]!.error);
    }
  });

  test('may be replaced by a norm', () => {
    const norm = { value: () => 0, vjp: () => ({ error: problem.y0, y0: problem.y0, y1: problem.y0 }) };
    const { stats } = solve(spiral, { solver, parameters: [1.5], norm, firstStep: 0.1 });
    expect(stats.rejected).toBe(0);
    expect(stats.accepted).toBe(3);
  });
});

describe('stops', () => {
  const run = (f: (t: number) => number[], stops: number[]) => {
    const { ys, stats } = solve({ f, y0: [0], t0: 0, t1: 1 }, { solver, stops, rtol: 1e-8, atol: 1e-8 });
    return { end: ys[0]![0]!, evaluations: stats.evaluations };
  };

  test('make a kink cost nothing', () => {
    const kink = (t: number) => [Math.abs(t - 0.4)];
    const smooth = run((t) => [t], []);
    expect(run(kink, [0.4]).evaluations).toBeLessThan(smooth.evaluations + 14);
    expect(run(kink, []).evaluations).toBeGreaterThan(2 * smooth.evaluations);
    expect(run(kink, [0.4]).end).toBeCloseTo(0.26, 14);
  });
});

describe('jumps', () => {
  // At the jump itself f may have the value of either side.
  test.each([
    ['right', (t: number) => [t < 0.4 ? 1 : -2]],
    ['left', (t: number) => [t <= 0.4 ? 1 : -2]],
  ])('cost next to nothing, f being continuous from the %s', (_, f) => {
    for (const [t0, t1, end] of [
      [0, 1, -0.8],
      [1, 0, 0.8],
    ] as const) {
      const run = (options: object) => solve({ f, y0: [0], t0, t1 }, { solver, rtol: 1e-8, atol: 1e-8, ...options });
      const { ys, stats } = run({ jumps: [0.4] });
      expect(ys[0]![0]).toBeCloseTo(end, 14);
      expect(stats.rejected).toBe(0);
      expect(stats.evaluations).toBeLessThan(run({}).stats.evaluations / 3);
      const fixed = run({ solver: explicitRungeKutta(rk4), stepSize: 0.3, jumps: [0.4] });
      expect(fixed.ys[0]![0]).toBeCloseTo(end, 14);
    }
  });

  test('may be given in any order, and at zero', () => {
    const { mesh } = solve(
      { f: (t) => [Math.sign(t)], y0: [0], t0: -1, t1: 1 },
      { solver, jumps: [0.5, 0], stops: [0.25] },
    );
    for (const t of [-Number.MIN_VALUE, Number.MIN_VALUE, 0.25]) expect(mesh.ts).toContain(t);
    expect(mesh.ts.filter((t) => Math.abs(t - 0.5) < 1e-15)).toHaveLength(2);
  });

  test('outside the span are refused by name', () => {
    expect(() => solve({ f: () => [0], y0: [0], t0: 0, t1: 1 }, { solver, jumps: [2] })).toThrow('jumps holds 2');
    expect(() => solve({ f: () => [0], y0: [0], t0: 0, t1: 1 }, { solver, stops: [-1] })).toThrow('stops holds -1');
  });
});

describe('plan and replay', () => {
  test('give the same states, on the same steps', () => {
    const options: Options = { solver, rtol: 1e-6, atol: 1e-8 };
    const mesh = runSync(plan(problem, options));
    const { ys, stats } = runSync(replay(problem, mesh, { solver, saveAt: 'steps' }));
    expect(ys).toEqual(mesh.ys);
    expect(stats).toMatchObject({ rejected: 0, accepted: mesh.ts.length - 1 });
  });
});

const modes: [string, Options][] = [
  ['error control', { solver, rtol: 1e-4, atol: 1e-6 }],
  ['error control and no first same as last', { solver: explicitRungeKutta(cashKarp), rtol: 1e-4 }],
  ['fixed steps', { solver: explicitRungeKutta(rk4), stepSize: 0.3 }],
];
const saves: SaveAt[] = ['end', 'steps', 'dense', [0, 0.1, 0.15, 1, 2], [1.3]];

describe.each(modes)('with %s', (_, options) => {
  test.each(saves)('a solve that must wait for its norms gives the same (saveAt %j)', async (saveAt) => {
    const at = runSync(solveRoutine(problem, { ...options, saveAt }));
    const waiting = { ...problem, space: deferredSpace(float64Space) };
    for (const later of [
      await runAsync(solveRoutine(waiting, { ...options, saveAt })),
      runSync(solveRoutine(waiting, { ...options, saveAt })),
    ]) {
      expect(later.ts).toEqual(at.ts);
      expect(later.ys).toEqual(at.ys);
      expect(later.stats).toEqual(at.stats);
    }
  });

  test.each(saves)('every state is owned and released once (saveAt %j)', (saveAt) => {
    const { space, field, living } = audit(float64Space);
    const watched = { ...problem, space, field: field(problem.field) };
    const solution = runSync(solveRoutine(watched, { ...options, saveAt }));
    if (saveAt !== 'dense') expect(living()).toBe(solution.ys.length);
    const inside = solution.dense?.(1.234);
    if (inside) space.release(inside);
    solution.dispose();
    expect(living()).toBe(0);
  });

  test.each(saves)('a failed solve leaves nothing behind (saveAt %j)', (saveAt) => {
    for (const maxSteps of [1, 2, 3, 4]) {
      const { space, field, living } = audit(float64Space);
      const watched = { ...problem, space, field: field(problem.field) };
      expect(() => runSync(solveRoutine(watched, { ...options, firstStep: 1, maxSteps, saveAt }))).toThrow('steps');
      expect(living()).toBe(0);
    }
  });

  test('an error that the field throws midway arrives as it is', async () => {
    const thrown = new Error('Out of my domain.');
    const field = {
      ...problem.field,
      evaluate(t: number, y: Float64Array) {
        if (t > 1) throw thrown;
        return problem.field.evaluate(t, y);
      },
    };
    const run = () => solveRoutine({ ...problem, field }, { ...options, saveAt: 'steps', throw: false });
    expect(() => runSync(run())).toThrow(thrown);
    await expect(runAsync(run())).rejects.toBe(thrown);
  });

  test('statistics count what the field sees', () => {
    const counts = { evaluations: 0, vjps: 0 };
    const field = countedField(problem.field, counts);
    const { stats, mesh } = runSync(solveRoutine({ ...problem, field }, { ...options, saveAt: 'steps' }));
    expect(stats.evaluations).toBe(counts.evaluations);
    expect(stats.accepted).toBe(mesh.ts.length - 1);
  });
});
