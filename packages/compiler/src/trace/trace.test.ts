import '@tensorflow/tfjs-backend-cpu';
import { FieldError } from '@neural-ode/core';
import { completeGradients } from '@neural-ode/tensor';
import { flatten } from '@neural-ode/tensor/internal';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { countProgram, explain } from '../graph/explain.ts';
import type { Node } from '../graph/graph.ts';
import { interpret } from '../graph/interpret.ts';
import { simplify } from '../graph/simplify.ts';
import { CompileError } from './compile-error.ts';
import { joined } from './engine.ts';
import { type Example, examples, numbers, numbersOf } from './fixtures.ts';
import { supports, type Trace, trace } from './trace.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
  completeGradients();
});

const time = 0.7;

const leavesOf = (tree: unknown) => flatten(tree, 'tree', (message) => new Error(message)).leaves;

/** The inputs of an example's programs, read from its tensors. */
function inputsOf({ y }: Example, { parameters }: Trace, dys: readonly tf.Tensor[] = []) {
  const read = (tensors: readonly tf.Tensor[]) => tensors.map((tensor) => Float64Array.from(tensor.dataSync()));
  return {
    t: time,
    y: read(leavesOf(y)),
    parameters: read(parameters.map(({ tensor }) => tensor)),
    cotangent: read(dys),
  };
}

function expectClose(actual: readonly Float64Array[], expected: readonly tf.Tensor[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((tensor, n) => {
    const due = tensor.dataSync();
    expect(actual[n]?.length).toBe(due.length);
    actual[n]?.forEach((value, k) => {
      expect(Math.abs(value - (due[k] as number)) / Math.max(1, Math.abs(value))).toBeLessThan(2e-5);
    });
  });
}

/** What an example's f gives on the current backend, and the gradients for `dys`. */
function eager({ f, y, args }: Example, wanted: readonly tf.Tensor[], dys: readonly tf.Tensor[]) {
  const t = tf.scalar(time);
  const call = () => leavesOf(f(t, y as never, args as never));
  const slope = call();
  // The engine takes gradients of one tensor only.
  const engine = tf.engine() as unknown as {
    gradients(f: () => tf.Tensor, xs: tf.Tensor[], dy: null, allow: boolean): { grads: (tf.Tensor | undefined)[] };
  };
  const xs = [t, ...leavesOf(y), ...wanted];
  const { grads } = engine.gradients(() => joined(call(), dys), xs, null, true);
  return { slope, grads: grads.map((grad, n) => grad ?? tf.zerosLike(xs[n] as tf.Tensor)) };
}

describe.each(Object.keys(examples))('%s', (name) => {
  const make = examples[name] as () => Example;

  test('traced, its values and gradients are those of tfjs', () => {
    const example = make();
    const traced = trace(example.f, example);
    tf.tidy(() => {
      const dys = leavesOf(example.y).map(({ shape }, n) => numbersOf(shape, 40 + n));
      const expected = eager(
        example,
        traced.parameters.map(({ tensor }) => tensor),
        dys,
      );
      const inputs = inputsOf(example, traced, dys);
      for (const program of [traced.slope, simplify(traced.slope)]) {
        expectClose(interpret(program, inputs).slope, expected.slope);
      }
      for (const program of [traced.vjp(), simplify(traced.vjp())]) {
        const { t, y, parameters } = interpret(program, inputs);
        expectClose([...t, ...y, ...parameters], expected.grads);
      }
    });
  });
});

test('the gradients are those of the double precision values', () => {
  const sharp = (_t: tf.Tensor, x: tf.Tensor) => tf.add(tf.erf(x), tf.selu(tf.mul(x, -0.3)));
  const all: Example[] = [...Object.values(examples).map((make) => make()), { f: sharp, y: numbersOf([4], 3) }];
  for (const example of all) {
    const traced = trace(example.f, example);
    const inputs = inputsOf(
      example,
      traced,
      leavesOf(example.y).map(({ shape }) => numbersOf(shape, 50)),
    );
    // Along one direction in y, by central differences.
    const direction = inputs.y.map(({ length }) => numbers(length, 60));
    const moved = (h: number) => ({
      ...inputs,
      y: inputs.y.map((leaf, n) => leaf.map((value, k) => value + h * (direction[n]?.[k] as number))),
    });
    const dot = (a: readonly Float64Array[], b: readonly ArrayLike<number>[]) =>
      a.reduce((sum, leaf, n) => leaf.reduce((part, value, k) => part + value * (b[n]?.[k] as number), sum), 0);
    const along = (h: number) => dot(interpret(traced.slope, moved(h)).slope, inputs.cotangent);
    const h = 1e-5;
    const difference = (along(h) - along(-h)) / (2 * h);
    const exact = dot(interpret(simplify(traced.vjp()), inputs).y, direction);
    expect(Math.abs(exact - difference) / Math.max(1, Math.abs(exact))).toBeLessThan(1e-8);
  }
});

test('how many operations the examples come to', () => {
  const counts = Object.keys(examples).map((name) => {
    const example = (examples[name] as () => Example)();
    const traced = trace(example.f, example);
    const count = (program: Parameters<typeof simplify>[0]) =>
      `${countProgram(program).operations} -> ${countProgram(simplify(program)).operations}`;
    return `${name}: slope ${count(traced.slope)}, vjp ${count(traced.vjp())}`;
  });
  expect(counts).toMatchInlineSnapshot(`
    [
      "spiral: slope 2 -> 3, vjp 10 -> 6",
      "mlp: slope 6 -> 7, vjp 20 -> 14",
      "lotkaVolterra: slope 14 -> 14, vjp 26 -> 26",
      "threeBody: slope 11 -> 12, vjp 35 -> 26",
      "gru: slope 15 -> 14, vjp 49 -> 46",
      "hamiltonian: slope 15 -> 5, vjp 17 -> 7",
      "controlled: slope 16 -> 16, vjp 43 -> 31",
    ]
  `);
});

describe('constants', () => {
  const constantsOf = (f: (t: tf.Tensor, y: tf.Tensor) => tf.Tensor, decimals = true): number[] => {
    const found: number[] = [];
    const visit = (node: Node): void => {
      if (node.op === 'constant') found.push(...node.values);
      for (const input of node.inputs) visit(input);
    };
    const { slope } = simplify(trace(f, { y: tf.zeros([2]), decimals }).slope).outputs;
    visit(slope[0] as Node);
    return found;
  };

  test('are the doubles that were written', () => {
    expect(constantsOf((_t, y) => tf.mul(y, 0.1))).toEqual([0.1]);
    expect(constantsOf((_t, y) => tf.mul(y, 1 / 3))).toEqual([1 / 3]);
    expect(constantsOf((_t, y) => tf.mul(tf.scalar(Math.PI), y))).toEqual([Math.PI]);
    expect(constantsOf((_t, y) => tf.mul(y, [1 / 3, 1e-9]))).toEqual([1 / 3, 1e-9]);
    const matrix = [
      [1 / 3, 0.2],
      [2 / 3, 1 / 7],
    ];
    expect(constantsOf((_t, y) => tf.dot(y, tf.tensor2d(matrix)))).toEqual(matrix.flat());
    expect(constantsOf((_t, y) => tf.dot(y, tf.tensor(matrix.flat(), [2, 2])))).toEqual(matrix.flat());
    expect(constantsOf((_t, y) => tf.mul(y, tf.fill([2], 0.3)))).toEqual([0.3]);
    expect(constantsOf((_t, y) => tf.mul(y, tf.linspace(0, 0.3, 2)))).toEqual([0, 0.3]);
  });

  test('of typed arrays are the shortest decimals', () => {
    expect(constantsOf((_t, y) => tf.mul(y, tf.tensor1d(Float32Array.of(0.1, 1e-7))))).toEqual([0.1, 1e-7]);
  });

  test('are float32 on demand', () => {
    expect(constantsOf((_t, y) => tf.mul(y, 0.1), false)).toEqual([Math.fround(0.1)]);
  });

  test('the platform of tfjs is as it was', () => {
    const { platform } = tf.env();
    const keys = Object.keys(platform);
    constantsOf((_t, y) => y);
    expect(Object.keys(platform)).toEqual(keys);
  });
});

describe('what f reads', () => {
  test('are parameters: arguments first, then what it captures', () => {
    const w = tf.variable(tf.ones([2]), true, 'weights');
    const frozen = tf.variable(tf.ones([2]), false);
    const captured = tf.tensor1d([1, 2]);
    const args = { unused: tf.scalar(1), rate: tf.scalar(2) };
    const { parameters, slope } = trace(
      (_t: tf.Tensor, y: tf.Tensor, { rate }: typeof args) =>
        tf.add(tf.mul(tf.mul(y, w), rate), tf.mul(captured, frozen)),
      { y: tf.zeros([2]), args },
    );
    expect(
      parameters.map(({ source, name, tensor, differentiated }) => [source, name, tensor, differentiated]),
    ).toEqual([
      ['argument', 'args[0]', args.unused, true],
      ['argument', 'args[1]', args.rate, true],
      ['variable', 'weights', w, true],
      ['captured', 'captured[0]', captured, true],
      ['variable', frozen.name, frozen, false],
    ]);
    expect(slope.inputs.parameters.map(({ shape }) => shape)).toEqual([[], [], [2], [2], [2]]);
  });

  test('can be embedded', () => {
    const captured = tf.tensor1d([0.1, 0.2]);
    const { parameters, slope } = trace((_t: tf.Tensor, y: tf.Tensor) => tf.mul(y, captured), {
      y: tf.zeros([2]),
      embed: true,
    });
    expect(parameters).toEqual([]);
    expect(explain(slope)).toContain('constant 0.1 0.2');
  });

  test('indices are constants, so that a gather is a slice', () => {
    const places = tf.tensor1d([1, 0], 'int32');
    const { slope } = trace((_t: tf.Tensor, y: tf.Tensor) => tf.gather(y, places), { y: tf.zeros([2]) });
    expect(explain(simplify(slope))).toContain('slice from 1 by -1');
  });

  test('a state may be nested', () => {
    const y = { q: tf.zeros([2]), p: [tf.zeros([3]), tf.zeros([])] as const };
    const f = (_t: tf.Tensor, { q, p }: typeof y) => ({ p: [tf.mul(p[0], 2), p[1]], q: tf.neg(q) });
    const { outputs, inputs } = trace(f, { y }).slope;
    expect(inputs.y.map(({ shape }) => shape)).toEqual([[2], [3], []]);
    expect(outputs.slope.map(({ shape }) => shape)).toEqual([[2], [3], []]);
    expect(outputs.slope[2]).toBe(inputs.y[2]);
  });

  test('what f does not depend on has the cotangent zero', () => {
    const traced = trace((_t: tf.Tensor, y: tf.Tensor, rate: tf.Tensor) => tf.mul(rate, tf.onesLike(y)), {
      y: tf.zeros([2]),
      args: tf.scalar(3),
    });
    const { t, y, parameters } = interpret(traced.vjp(), { t: 0, y: [[1, 2]], parameters: [[3]], cotangent: [[1, 2]] });
    expect([t, y, parameters].flat().map((values) => [...values])).toEqual([[0], [0, 0], [3]]);
  });
});

describe('nothing is left behind', () => {
  test('no tensors, and the backend and the tape are as they were', () => {
    for (const make of Object.values(examples)) {
      const example = make();
      const before = tf.memory();
      trace(example.f, example).vjp();
      expect(tf.memory()).toEqual(before);
      expect(tf.getBackend()).toBe('cpu');
    }
  });

  test('also when f throws, in its forward or its backward pass', () => {
    const y = tf.ones([2]);
    const before = tf.memory();
    const fails = () => {
      throw new Error('mine');
    };
    expect(() => trace(fails, { y })).toThrow('mine');
    const broken = tf.customGrad((x: unknown) => ({ value: tf.neg(x as tf.Tensor), gradFunc: fails }));
    expect(() => trace((_t: tf.Tensor, x: tf.Tensor) => broken(tf.tanh(x)), { y }).vjp()).toThrow('mine');
    expect(tf.memory()).toEqual(before);
    expect(tf.getBackend()).toBe('cpu');
    expect(tf.sum(y).dataSync()[0]).toBe(2);
  });

  test('tensors from outside stay on their backend', () => {
    const w = tf.variable(tf.tensor1d([1, 2]));
    const c = tf.tensor1d([3, 4]);
    const f = (_t: tf.Tensor, y: tf.Tensor) => tf.add(tf.mul(y, w), c);
    const { backend } = tf.engine();
    const ids = backend.numDataIds();
    trace(f, { y: tf.ones([2]) }).vjp();
    expect(backend.numDataIds()).toBe(ids + 1);
    expect([...f(tf.scalar(0), tf.ones([2])).dataSync()]).toEqual([4, 6]);
    w.assign(tf.tensor1d([5, 6]));
    expect([...f(tf.scalar(0), tf.ones([2])).dataSync()]).toEqual([8, 10]);
  });

  test('within a gradient, that gradient goes on', () => {
    const y = tf.tensor1d([1, 2]);
    const square = (x: tf.Tensor) => {
      const before = tf.square(x);
      trace((_t: tf.Tensor, one: tf.Tensor) => tf.tanh(one), { y }).vjp();
      return tf.sum(tf.mul(before, x)) as tf.Scalar;
    };
    expect([...tf.grad(square)(y).dataSync()]).toEqual([3, 12]);
  });

  test('what f keeps from its first call can be read later', () => {
    let mask: tf.Tensor | undefined;
    const f = (_t: tf.Tensor, y: tf.Tensor) => {
      mask ??= tf.keep(tf.mul(tf.tensor1d([1, 0]), 2));
      return tf.mul(y, mask);
    };
    trace(f, { y: tf.ones([2]) });
    expect([...f(tf.scalar(0), tf.ones([2])).dataSync()]).toEqual([2, 0]);
    mask?.dispose();
  });
});

describe('what cannot be compiled is named', () => {
  const y = () => tf.ones([2]);
  const reason = (f: (t: tf.Tensor, y: tf.Tensor, args: tf.Tensor) => unknown, args?: tf.Tensor) =>
    supports(f, { y: y(), args });

  test('nothing, when all is well', () => {
    expect(reason((_t, x) => tf.tanh(x))).toBeUndefined();
  });

  test.each<[string, (t: tf.Tensor, y: tf.Tensor, args: tf.Tensor) => unknown, RegExp]>([
    ['a kernel', (_t, x) => tf.conv1d(tf.reshape(x, [2, 1]) as tf.Tensor2D, tf.ones([1, 1, 1]), 1, 'same'), /Conv2D/],
    ['argMax', (_t, x) => tf.mul(x, tf.cast(tf.argMax(x), 'float32')), /ArgMax.*tf\.max/],
    ['values', (_t, x) => tf.mul(x, x.dataSync()[0] as number), /dataSync/],
    ['the time', (t, x) => ((t.arraySync() as number) > 1 ? x : tf.neg(x)), /dataSync.*tf\.where/],
    ['values read later', async (_t, x) => tf.mul(x, (await x.data())[0] as number), /promise|reads the values/],
    ['a promise', async (_t, x) => x, /promise/],
    ['values of an argument', (_t, x, rate) => tf.mul(x, rate.dataSync()[0] as number), /args/],
    ['random numbers', (_t, x) => tf.mul(x, tf.randomNormal([2])), /no pure function.*shape \[2\]/],
    ['random numbers of JavaScript', (_t, x) => tf.mul(x, Math.random()), /no pure function/],
    ['a kind of gather', (_t, x) => tf.gather(x, tf.tensor1d([0, 1], 'int32'), 0, 1), /batchDims/],
  ])('%s', (_, f, message) => {
    const before = tf.memory().numTensors;
    const args = tf.scalar(2);
    expect(reason(f, args)).toMatch(message);
    expect(tf.memory().numTensors).toBe(before + 2);
    expect(tf.getBackend()).toBe('cpu');
  });

  test('an operation without gradient', () => {
    const gradient = tf.getGradient('Erf');
    tf.unregisterGradient('Erf');
    try {
      expect(supports((_t: tf.Tensor, x: tf.Tensor) => tf.erf(x), { y: y() })).toMatch(/Erf, which has no gradient/);
      expect(supports((_t: tf.Tensor, x: tf.Tensor) => tf.erf(x), { y: y() }, false)).toBeUndefined();
    } finally {
      tf.registerGradient(gradient);
    }
  });

  test('a variable that is read', () => {
    const w = tf.variable(tf.scalar(2), true, 'rate of decay');
    expect(reason((_t, x) => tf.mul(x, w.dataSync()[0] as number))).toMatch(/'rate of decay'/);
  });

  test('with the operation and a code', () => {
    const f = (_t: tf.Tensor, x: tf.Tensor) => tf.mul(x, tf.cast(tf.argMin(x), 'float32'));
    expect(() => trace(f, { y: y() })).toThrow(CompileError);
    expect(() => trace(f, { y: y() })).toThrow(expect.objectContaining({ code: 'compile', operation: 'ArgMin' }));
  });

  test('a slope of another shape', () => {
    expect(() => trace(() => tf.zeros([3]), { y: y() })).toThrow(FieldError);
    expect(() => trace(() => [tf.zeros([2])], { y: y() })).toThrow(
      'slope is an array of length 1 where a tensor is due',
    );
    expect(() => trace(() => tf.zeros([2], 'int32'), { y: y() })).toThrow('int32');
  });
});
