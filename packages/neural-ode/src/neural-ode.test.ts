import '@neural-ode/backend-cpu/register';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import * as everything from './index.ts';
import {
  aca,
  defineTableau,
  dopri5,
  odeint,
  odeintAsync,
  odeintVjp,
  piController,
  planMesh,
  registered,
  solve,
  solveAsync,
  useBackend,
} from './index.ts';

beforeAll(async () => {
  await useBackend('cpu');
});

const ralston = defineTableau({
  name: 'mine',
  order: 2,
  c: ['0', '2/3'],
  a: [[], ['2/3']],
  b: ['1/4', '3/4'],
  citation: { authors: 'Ralston', year: 1962, title: 'Runge-Kutta methods with minimum error bounds' },
});
const decay = (_t: number, [y]: Float64Array, [k = 1]: Float64Array) => [-k * y!];
const tensorDecay = (_t: tf.Scalar, y: tf.Tensor) => tf.neg(y);

describe('on plain numbers', () => {
  it('takes solvers by name, by value, and as a tableau', () => {
    const end = (options: Parameters<typeof odeint>[3]) => odeint(decay, [1], [0, 1], options as object)[1]![0]!;
    expect(end({ solver: 'dopri5' })).toBe(end({ solver: dopri5 }));
    expect(end({ solver: 'dopri5' })).toBe(end({}));
    expect(end({ solver: ralston, stepSize: 1e-3 })).toBeCloseTo(Math.exp(-1), 6);
  });

  it('takes controllers and strategies by name and by value', () => {
    const named = odeint(decay, [1], [0, 1], { controller: 'pi' });
    expect(named).toEqual(odeint(decay, [1], [0, 1], { controller: piController() }));
    const vjp = (_t: number, [y]: Float64Array, [v]: Float64Array, [k]: Float64Array) => ({
      y: [-k! * v!],
      p: [-y! * v!],
    });
    const back = (gradient?: 'aca' | typeof aca) =>
      odeintVjp(decay, [1], [0, 1], { vjp, parameters: [1], gradient }).pullback([undefined, [1]]);
    expect(back('aca')).toEqual(back(aca));
    expect(back()).toEqual(back(aca));
    expect(back().parameters[0]).toBeCloseTo(-Math.exp(-1), 4);
  });

  it('solves into a solution', () => {
    const { ys, status, stats } = solve({ f: decay, y0: [1], t0: 0, t1: 1 }, { rtol: 1e-8, atol: 1e-8 });
    expect(ys[0]![0]).toBeCloseTo(Math.exp(-1), 8);
    expect(status).toBe('success');
    expect(stats.evaluations).toBeGreaterThan(6);
  });

  it('says which name is unknown, and what is near', () => {
    expect(() => odeint(decay, [1], [0, 1], { solver: 'dopri4' as never })).toThrow("did you mean 'dopri5'");
    const options = { gradient: 'acca' as never, vjp: () => ({ y: [0] }) };
    expect(() => odeintVjp(decay, [1], [0, 1], options)).toThrow("did you mean 'aca'");
  });
});

describe('on tensors', () => {
  it('is differentiable, by every registered strategy', () => {
    expect(registered('gradient')).toEqual(['aca', 'adjoint', 'direct', 'naive']);
    for (const gradient of registered('gradient')) {
      const end = (y: tf.Tensor) =>
        tf.sum(tf.gather(odeint(tensorDecay, y, [0, 1], { gradient: gradient as 'aca' }), [1]));
      expect(
        tf
          .grad(end)(tf.tensor1d([1, 2]))
          .dataSync()[0],
      ).toBeCloseTo(Math.exp(-1), 4);
    }
  });

  it('takes a tableau of the user, with every strategy', () => {
    const end = (y: tf.Tensor) => tf.sum(odeint(tensorDecay, y, [0, 1], { solver: ralston, stepSize: 0.01 }));
    expect(
      tf
        .grad(end)(tf.tensor1d([1]))
        .dataSync()[0],
    ).toBeCloseTo(1 + Math.exp(-1), 4);
  });

  it('solves asynchronously, and replays a planned mesh', async () => {
    const before = tf.memory().numTensors;
    const y0 = tf.tensor1d([1]);
    const later = await odeintAsync(tensorDecay, y0, [0, 1]);
    expect(later.dataSync()[1]).toBeCloseTo(Math.exp(-1), 5);
    const mesh = await planMesh(tensorDecay, y0, [0, 1]);
    const replayed = odeint(tensorDecay, y0, [0, 1], { mesh });
    expect([...replayed.dataSync()]).toEqual([...later.dataSync()]);
    const solution = await solveAsync({ f: tensorDecay, y0, t0: 0, t1: 1 });
    expect(solution.ys[0]!.dataSync()[0]).toBe(later.dataSync()[1]);
    solution.dispose();
    tf.dispose([y0, later, replayed]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('exports the solvers and strategies that it registers', () => {
  const exported = new Set(Object.keys(everything));
  for (const name of [...registered('solver'), ...registered('gradient')]) expect(exported).toContain(name);
});
