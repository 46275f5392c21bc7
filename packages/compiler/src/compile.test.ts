import '@tensorflow/tfjs-backend-cpu';
import { type ArrayFunction, FieldError, InvalidInputError } from '@neural-ode/core';
import { differentiableProblems, relativeError, threeBody, vanDerPol } from '@neural-ode/testing';
import * as tf from '@tensorflow/tfjs-core';
import { adjointGradient, defineTableau, dopri5, explicitRungeKutta, odeint, odeintVjp, rk4, solve } from 'neural-ode';
import { beforeEach, describe, expect, test } from 'vitest';
import { compiledProblem, fields } from './fixtures/problem-fields.ts';
import { CompileError, compile, probeFeatures } from './index.ts';

await tf.setBackend('cpu');

/** Fused multiply-adds round otherwise, and a step's size follows from small differences. */
const roundOff = probeFeatures().relaxedSimd ? 1e-9 : 1e-12;

let before = 0;
beforeEach(() => {
  before = tf.memory().numTensors;
});
const expectBalanced = (kept = 0) => expect(tf.memory().numTensors - before).toBe(kept);

const mild = compile((_t, y: tf.Tensor) => tf.mul(y, -0.5), { example: [1] });

describe('on plain numbers', () => {
  test.each(differentiableProblems)('$name has the states and gradients of its array field', (problem) => {
    const { f, vjp, y0, parameters, t0, t1 } = problem;
    const compiled = compiledProblem(problem);
    expectBalanced();
    const ts = [0, 0.3, 0.7, 1].map((share) => t0 + share * Math.min(2, t1 - t0));
    const options = { parameters, rtol: 1e-8, atol: 1e-10 };
    const own = odeintVjp(compiled, y0, ts, options);
    const plain = odeintVjp(f, y0, ts, { ...options, vjp });
    expect(own.stats).toEqual(plain.stats);
    expect(relativeError(own.mesh.ts, plain.mesh.ts)).toBeLessThan(1e3 * roundOff);
    own.ys.forEach((y, n) => {
      expect(relativeError(y, plain.ys[n]!)).toBeLessThan(roundOff);
    });
    const bars = ts.map((_t, n) => y0.map((_y, i) => Math.cos(3 * n + i)));
    const [back, expected] = [own.pullback(bars), plain.pullback(bars)];
    expect(relativeError(back.y0, expected.y0)).toBeLessThan(100 * roundOff);
    expect(relativeError(back.parameters, expected.parameters)).toBeLessThan(100 * roundOff);
    expect(relativeError(back.ts!, expected.ts!)).toBeLessThan(100 * roundOff);
    expectBalanced();
  });

  test('takes parameters from its tensors where none are given, and literals as they were written', () => {
    const rate = tf.variable(tf.scalar(-0.3));
    const shift = tf.scalar(0.1);
    const f = compile((_t, y: tf.Tensor) => tf.add(tf.mul(y, rate), shift), { example: [1] });
    expect(f.parameters).toEqual([
      { name: rate.name, source: 'variable', shape: [] },
      { name: 'captured[0]', source: 'captured', shape: [] },
    ]);
    expect(f.field().parameters).toEqual(Float64Array.of(Math.fround(-0.3), 0.1));
    expect(f.field([2, 3]).evaluate(0, Float64Array.of(5))).toEqual(Float64Array.of(13));
    rate.assign(tf.scalar(-0.5));
    expect(f.field().evaluate(0, Float64Array.of(1))[0]).toBeCloseTo(-0.4, 15);
    expect(() => f.field([1])).toThrow(/2 are due/);
    rate.dispose();
    shift.dispose();
  });

  test('solves with a method of its own, with fixed steps, and into a dense solution', () => {
    const heun3 = defineTableau({
      name: 'heun3',
      order: 3,
      c: ['0', '1/3', '2/3'],
      a: [[], ['1/3'], ['0', '2/3']],
      b: ['1/4', '0', '3/4'],
      citation: { authors: 'Heun', year: 1900, title: 'Neue Methoden zur approximativen Integration' },
    });
    for (const solver of [heun3, rk4, 'dop853'] as const) {
      const options = { solver, ...(solver === 'dop853' ? {} : { stepSize: 0.07 }) };
      expect(odeint(mild, [1], [0, 1], options)[1]![0]).toBeCloseTo(Math.exp(-0.5), 4);
    }
    const { dense } = solve({ f: mild, y0: [1], t0: 0, t1: 2 }, { saveAt: 'dense', rtol: 1e-9, atol: 1e-12 });
    for (const t of [0, 0.3, 1.7, 0.4, 2]) expect(dense!(t)[0]).toBeCloseTo(Math.exp(-t / 2), 8);
  });

  test('can be called', () => {
    expect(mild(0, Float64Array.of(3), new Float64Array(0))).toEqual(Float64Array.of(-1.5));
    const slope = mild(tf.scalar(0) as tf.Scalar, tf.tensor1d([3])) as tf.Tensor;
    expect(slope.dataSync()).toEqual(Float32Array.of(-1.5));
    tf.disposeVariables();
  });

  test('float32 rounds, and agrees with float64 to that', () => {
    const { y0, parameters } = threeBody;
    const [single, double] = (['float32', 'float64'] as const).map((dtype) => {
      const { ys, pullback } = odeintVjp(compiledProblem(threeBody, { dtype }), y0, [0, 0.2, 0.5], { parameters });
      return [...ys, pullback([undefined, y0, y0]).parameters];
    });
    single!.forEach((values, n) => {
      if (n > 0) expect(relativeError(values, double![n]!)).toBeGreaterThan(0);
      expect(relativeError(values, double![n]!)).toBeLessThan(1e-4);
    });
  });
});

test.each([3, 8, 9, 203])('states of %d components have the gradients of an array field', (size) => {
  const list = (of: (i: number) => number) => Array.from({ length: size }, (_, i) => of(i));
  const y0 = list((i) => 1 + Math.sin(i));
  const parameters = list((i) => 1.5 + Math.cos(i));
  const f = (_t: number, y: Float64Array, p: Float64Array) => y.map((v, i) => p[i]! * (1 - v * v));
  const vjp = (_t: number, y: Float64Array, v: Float64Array, p: Float64Array) => ({
    y: y.map((value, i) => -2 * value * p[i]! * v[i]!),
    p: y.map((value, i) => (1 - value * value) * v[i]!),
  });
  const example = (_t: tf.Scalar, y: tf.Tensor1D, p: tf.Tensor1D) => tf.mul(p, tf.sub(1, tf.square(y)));
  const args = tf.tensor1d(parameters);
  const options = { parameters, gradient: 'naive', firstStep: 1, atol: list((i) => 1e-6 + 1e-7 * i) } as const;
  const expected = odeintVjp(f, y0, [0, 0.4, 1], { ...options, vjp });
  expect(expected.stats.rejected).toBeGreaterThan(0);
  for (const dtype of ['float64', 'float32'] as const) {
    const within = dtype === 'float64' ? 1e3 * roundOff : 1e-3;
    const own = odeintVjp(compile(example, { example: y0, args, dtype }), y0, [0, 0.4, 1], options);
    expect(relativeError(own.ys[2]!, expected.ys[2]!)).toBeLessThan(within);
    const [back, due] = [own, expected].map(({ pullback }) => pullback([undefined, y0, parameters]));
    expect(relativeError(back!.y0, due!.y0)).toBeLessThan(within);
    expect(relativeError(back!.parameters, due!.parameters)).toBeLessThan(within);
  }
  args.dispose();
});

describe('on tensors', () => {
  const vanDerPolField = fields['van der Pol']!;

  test.each(['aca', 'direct', 'naive', 'adjoint'] as const)(
    'has the gradients of the eager field by %s',
    (gradient) => {
      const y0 = tf.tensor1d([2, 0]);
      const mu = tf.tensor1d([0.15]);
      const ts = tf.tensor1d([0, 0.5, 1.3]);
      for (const dtype of ['float32', 'float64'] as const) {
        const compiled = compile(vanDerPolField, { example: y0, args: mu, dtype });
        const [own, eager] = [compiled, vanDerPolField].map((f) =>
          tf.tidy(() => {
            const loss = (y: tf.Tensor, args: tf.Tensor, times: tf.Tensor) =>
              tf.sum(
                tf.square(odeint(f, y as tf.Tensor1D, times as tf.Tensor1D, { args: args as tf.Tensor1D, gradient })),
              );
            return tf
              .grads(loss)([y0, mu, ts])
              .map((grad) => Array.from(grad.dataSync()));
          }),
        );
        own!.forEach((grad, n) => {
          expect(relativeError(grad, eager![n]!)).toBeLessThan(1e-3);
        });
      }
      tf.dispose([y0, mu, ts]);
      expectBalanced();
    },
  );

  test('reads variables again at every solve, and gradients reach them and captured tensors', () => {
    const w = tf.variable(
      tf.tensor2d([
        [0, 1],
        [-1, 0],
      ]),
    );
    const y0 = { position: tf.tensor2d([[1, 0]]), clock: tf.scalar(0) };
    const f = compile((_t, y: typeof y0) => ({ position: tf.matMul(y.position, w), clock: tf.onesLike(y.clock) }), {
      example: y0,
    });
    const end = () => tf.tidy(() => Array.from(odeint(f, y0, [0, 1]).position.dataSync().slice(2)));
    expect(relativeError(end(), [Math.cos(1), Math.sin(1)])).toBeLessThan(1e-5);
    tf.tidy(() => w.assign(tf.mul(w, 2)));
    expect(relativeError(end(), [Math.cos(2), Math.sin(2)])).toBeLessThan(1e-4);
    const { grads, value } = tf.variableGrads(() => tf.sum(odeint(f, y0, [0, 1]).position));
    const eager = tf.variableGrads(() => tf.sum(odeint((_t, y: tf.Tensor2D) => tf.matMul(y, w), y0.position, [0, 1])));
    expect(relativeError(grads[w.name]!.dataSync(), eager.grads[w.name]!.dataSync())).toBeLessThan(1e-4);
    tf.dispose([value, grads, eager.value, eager.grads, y0]);
    w.dispose();
  });

  test('refuses another state, other arguments, and lost tensors', () => {
    const y0 = tf.tensor1d([2, 0]);
    const mu = tf.tensor1d([0.15]);
    const lost = tf.scalar(1);
    const f = compile(vanDerPolField, { example: y0, args: mu });
    const other = tf.tensor1d([1, 2, 3]);
    expect(() => odeint(f, other, [0, 1], { args: mu })).toThrow(/compiled for other tensors: y0 \[2\]/);
    expect(() => odeint(f as never, y0, [0, 1])).toThrow(/args \[1\]/);
    expect(() => odeint(f, [1, 2, 3], [0, 1])).toThrow(InvalidInputError);
    const g = compile((_t, y: tf.Tensor1D) => tf.mul(y, lost), { example: y0 });
    lost.dispose();
    expect(() => odeint(g, y0, [0, 1])).toThrow(/captured\[0\].*disposed/);
    tf.dispose([y0, mu, other]);
    expectBalanced();
  });

  test('does not call f while it solves, and warns of no float32', () => {
    let calls = 0;
    const y0 = tf.tensor1d([1]);
    const f = compile(
      (_t: tf.Scalar, y: tf.Tensor1D) => {
        calls++;
        return tf.neg(y);
      },
      { example: y0 },
    );
    const traced = calls;
    const warnings: string[] = [];
    const end = odeint(f, y0, [0, 1], { rtol: 1e-11, atol: 1e-13, warn: (message) => warnings.push(message) });
    expect(calls).toBe(traced);
    expect(warnings).toEqual([]);
    expect(end.dataSync()[1]).toBe(Math.fround(Math.exp(-1)));
    tf.dispose([y0, end]);
    expectBalanced();
  });
});

test('what cannot be compiled is refused by name', () => {
  const example = [1];
  const noisy = (_t: tf.Scalar, y: tf.Tensor1D) =>
    tf.add(y, tf.cast(tf.multinomial(tf.tensor1d([1, 1]), 1), 'float32'));
  expect(() => compile(noisy, { example })).toThrow(CompileError);
  expect(compile.supports(noisy, { example })).toMatch(/Multinomial/);
  expect(compile.supports((_t, y: tf.Tensor1D) => tf.neg(y), { example })).toBeUndefined();
  expect(() => compile(() => tf.scalar(1), { example })).toThrow(FieldError);
  expect(() => compile((_t, y: tf.Tensor1D) => y, { example: {} as never })).toThrow(/example/);
  expect(() => compile((_t, y: tf.Tensor1D) => y, { example, args: { rate: 1 } })).toThrow(/args\.rate is a number/);
});

test('explains itself', () => {
  expect(mild.explain()).toMatch(/f\(t, y\)[\s\S]*mul[\s\S]*cotangent/);
});

test('falls back to evaluations where a whole step is not its own', () => {
  const f = compiledProblem(vanDerPol);
  const { parameters, y0 } = vanDerPol;
  // The reverse solve has a state and a norm of its own.
  const options = { parameters, rtol: 1e-8, atol: 1e-10 };
  const [adjoint, aca] = [adjointGradient({ seminorm: false }), 'aca' as const].map((gradient) =>
    odeintVjp(f, y0, [0, 1], { ...options, gradient }).pullback([undefined, [1, 1]]),
  );
  expect(relativeError(adjoint!.parameters, aca!.parameters)).toBeLessThan(1e-6);
  const norm = { value: (e: Float64Array) => 1e4 * Math.max(...e.map(Math.abs)), vjp: () => ({}) as never };
  expect(odeint(f, y0, [0, 1], { parameters, norm })[1]).toHaveLength(2);
});

test('two fields of one function, and interleaved solves, do not disturb each other', () => {
  const f = compiledProblem(vanDerPol);
  const y0 = [2, 0];
  const alone = [0.1, 0.9].map((mu) => odeintVjp(f, y0, [0, 0.5, 1], { parameters: [mu], rtol: mu / 1e4 }));
  const backs = alone.map(({ pullback }) => pullback([undefined, [1, 0], [0, 1]]));
  const both = [0.1, 0.9].map((mu) => odeintVjp(f, y0, [0, 0.5, 1], { parameters: [mu], rtol: mu / 1e4 }));
  const other = both.map(({ pullback }) => pullback([undefined, [1, 0], [0, 1]]));
  expect(other).toEqual(backs);
  const { dense } = solve({ f, y0, t0: 0, t1: 1 }, { saveAt: 'dense', parameters: [0.1] });
  const middle = dense!(0.31);
  odeint(f, y0, [0, 1], { parameters: [0.7] });
  expect(dense!(0.31)).toEqual(middle);
});

test('a long solve keeps no steps alive', () => {
  const { field } = compiledProblem(vanDerPol);
  const stepper = field([0.15]).stepper!(explicitRungeKutta(dopri5.tableau), undefined, { evaluations: 0, vjps: 0 })!;
  let y: Float64Array = Float64Array.of(2, 0);
  let carry = stepper.start(0, y);
  const seen = new Set<unknown>();
  for (let n = 0; n < 50; n++) {
    const step = stepper.step(n / 100, (n + 1) / 100, y, carry);
    y = step.y1;
    carry = step.carryOut!;
  }
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    Object.values(value).forEach(visit);
  };
  visit(carry);
  // The carry itself and its state.
  expect(seen.size).toBe(2);
});

test('a direct call on numbers sees what variables and the given parameters hold now', () => {
  const rate = tf.variable(tf.scalar(1));
  const f = compile((_t: tf.Scalar, y: tf.Tensor1D) => tf.mul(y, rate), { example: [1] }) as unknown as ArrayFunction;
  const call = (parameters?: number[]) => f(0, Float64Array.of(1), parameters as unknown as Float64Array)[0];
  expect(call()).toBe(1);
  rate.assign(tf.scalar(2));
  expect(call()).toBe(2);
  const parameters = [3];
  expect(call(parameters)).toBe(3);
  parameters[0] = 4;
  expect(call(parameters)).toBe(4);
});

describe('what is misused is refused by name', () => {
  const decay = (_t: tf.Scalar, y: tf.Tensor1D) => tf.neg(y);
  const loose = compile as unknown as (f: unknown, options?: unknown) => unknown;
  test.each<[string, () => unknown, RegExp]>([
    ['no function', () => loose(3, { example: [1] }), /f is number/],
    ['no options', () => loose(decay), /options are undefined/],
    ['no example', () => loose(decay, {}), /example is missing/],
    ['a misspelt option', () => loose(decay, { example: [1], dtpye: 'float32' }), /no option 'dtpye'.*'dtype'/],
    ['no dtype', () => loose(decay, { example: [1], dtype: 'float16' }), /dtype is "float16"/],
    ['no flag', () => loose(decay, { example: [1], embed: 'yes' }), /embed is "yes"/],
    ['supports', () => compile.supports(decay, {} as never), /example is missing/],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(InvalidInputError);
    expect(act).toThrow(message);
  });

  test('a state of another size, and a disposed variable, on numbers too', () => {
    const rate = tf.variable(tf.scalar(1), true, 'rate');
    const f = compile((_t: tf.Scalar, y: tf.Tensor1D) => tf.mul(y, rate), { example: [1, 2] });
    expect(() => f.field().evaluate(0, Float64Array.of(1))).toThrow(
      /holds 1 numbers where the field was compiled for 2/,
    );
    rate.dispose();
    expect(() => odeint(f, [1, 2], [0, 1])).toThrow(/variable 'rate'.*is disposed/);
    expect(() => odeint(f, tf.tensor1d([1, 2]), [0, 1])).toThrow(/variable 'rate'.*is disposed/);
  });
});
