import { describeBackend, odeint, odeintVjp, useBackend } from 'neural-ode';
import '@neural-ode/backend-cpu/register';
import { describe, expect, test } from 'vitest';
import { gradientArrays } from '../implementations/arrays.ts';
import { gradientTensors } from '../implementations/tensors.ts';
import { differenceOf } from '../measure-case.ts';
import type { GradientProblem } from './gradient-problem.ts';
import { latentMlp, mlpProblem, spiralMlp } from './mlp.ts';
import { threeBody } from './three-body.ts';

const accurate = { solver: 'dop853', rtol: 1e-10, atol: 1e-12 } as const;

describe('what is computed without the floor is what its files hold', () => {
  test('three bodies', () => {
    const { reference, file } = threeBody('/no/such/file');
    expect(file).toHaveLength(14424);
    // By torchdiffeq in double precision, rtol 1e-11.
    expect(differenceOf(reference, [-0.01394578872656723, -0.07683923187473088, 0.11860630964357007])).toBeLessThan(
      1e-7,
    );
  });

  test('the spiral and its network', () => {
    const { mlp, reference, file } = spiralMlp('/no/such/file');
    expect(file).toHaveLength(7312);
    expect([...mlp.parameters.slice(0, 2)]).toEqual([0.1404338777065277, 0.12157545983791351]);
    expect(mlp.targets?.[9]?.[0]).toBeCloseTo(1.9999999999, -1);
    // By torchdiffeq in double precision, rtol 1e-10.
    const [a, b, c] = [-0.0009251261505765388, -0.000686689832191708, -0.0008629424534000955];
    expect(differenceOf(reference.slice(0, 3), [a, b, c])).toBeLessThan(1e-8);
    expect(Math.hypot(...reference)).toBeCloseTo(0.052392926585433514, 10);
  });
});

describe.each<[string, () => GradientProblem, number]>([
  ['three bodies', () => threeBody('/no/such/file').problem, 1],
  ['a network of three layers', () => mlpProblem({ ...latentMlp(), batch: 2, y0: latentMlp().y0.slice(0, 40) }), 7],
  ['a network of y^3', () => mlpProblem(spiralMlp('/no/such/file').mlp), 100],
])('%s', (_name, make, index) => {
  test('the gradient on arrays is that of finite differences', () => {
    const { f, vjp, y0, ts, parameters, lossCotangents } = make();
    const { ys, pullback } = odeintVjp(f, y0, ts, { ...accurate, gradient: 'aca', vjp, parameters });
    const cotangents = lossCotangents(ys);
    const shifted = (by: number) => {
      const p = parameters.slice();
      p[index] = (p[index] as number) + by;
      const states = odeint(f, y0, ts, { ...accurate, parameters: p });
      // The loss to first order about the solution, so that its kinks do not matter.
      return states.reduce((sum, y, n) => sum + y.reduce((s, value, i) => s + value * (cotangents[n]?.[i] ?? 0), 0), 0);
    };
    const difference = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
    expect(pullback(cotangents).parameters[index]).toBeCloseTo(difference, 7);
  });

  test('tensors give the gradient of arrays, and leave nothing behind', async () => {
    const problem = make();
    await useBackend('cpu');
    const before = describeBackend().tensors;
    const runner = await gradientTensors(problem, 'cpu');
    expect(differenceOf(runner.run(), gradientArrays(problem).run())).toBeLessThan(1e-2);
    runner.dispose?.();
    expect(describeBackend().tensors).toBe(before);
  });
});
