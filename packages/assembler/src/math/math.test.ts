import { setFlagsFromString } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModuleBuilder, type Value } from '../index.ts';
import { reference, ulps } from './coefficients/reference.mjs';
import type { FloatShape } from './float-lanes.ts';
import { type BinaryMath, math, mathArray, mathFunction, type UnaryMath } from './index.ts';

// Node 20 has relaxed SIMD behind a flag.
setFlagsFromString('--experimental-wasm-relaxed-simd');

type Floats = Float32Array | Float64Array;
type MathName = UnaryMath | BinaryMath;
type Apply = (name: MathName, shape: FloatShape, xs: ArrayLike<number>, ys?: ArrayLike<number>) => Floats;

const unaryNames = Object.keys(math.unary) as UnaryMath[];
const binaryNames = Object.keys(math.binary) as BinaryMath[];
const shapes: readonly FloatShape[] = ['f32', 'f64', 'f32x4', 'f64x2'];

/** Every function on every shape over arrays, in one module. */
function everything(relaxedSimd: boolean): Apply {
  const module = new ModuleBuilder({ relaxedSimd });
  const memory = module.memory({ min: 512 });
  module.export('memory', memory);
  for (const name of [...unaryNames, ...binaryNames]) {
    for (const shape of shapes) {
      const step = shape.endsWith('x4') || shape.endsWith('x2') ? 16 : shape === 'f64' ? 8 : 4;
      const callee = mathFunction(module, name, shape);
      const params = { x: 'i32', y: 'i32', to: 'i32', end: 'i32' } as const;
      module.function(
        `${name} ${shape}`,
        params,
        [],
        (f, { x, y, to, end }) => {
          const group = f[shape] as typeof f.f64;
          f.loop((again) => {
            const pointer = f.get(to);
            const args = math.arity(name) === 1 ? [group.load(x)] : [group.load(x), group.load(y)];
            group.store(pointer, f.call(callee, ...args) as unknown as Value<'f64'>);
            f.set(y, f.i32.add(y, step));
            f.set(to, f.i32.add(to, step));
            f.brIf(again, f.i32.ltU(f.tee(x, f.i32.add(x, step)), end));
          });
        },
        { export: true },
      );
    }
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.build()));
  const exports = instance.exports as Record<string, (...args: number[]) => void>;
  const { buffer } = instance.exports.memory as WebAssembly.Memory;
  return (name, shape, xs, ys) => {
    const Kind = shape.startsWith('f64') ? Float64Array : Float32Array;
    const count = Math.ceil(xs.length / 4) * 4;
    const bytes = count * Kind.BYTES_PER_ELEMENT;
    const view = (i: number) => new Kind(buffer, i * bytes, count).fill(0.5);
    view(0).set(xs);
    if (ys) view(1).set(ys);
    view(2);
    exports[`${name} ${shape}`]!(0, bytes, 2 * bytes, bytes);
    return new Kind(buffer, 2 * bytes, xs.length).slice();
  };
}

const plain = everything(false);
const fused = everything(true);
/** The ways to compute in a precision; scalars have no fused multiply-add. */
const ways = (wide: boolean): readonly [string, FloatShape, Apply][] =>
  wide
    ? [
        ['f64', 'f64', plain],
        ['f64x2', 'f64x2', plain],
        ['f64x2 fused', 'f64x2', fused],
      ]
    : [
        ['f32', 'f32', plain],
        ['f32x4', 'f32x4', plain],
        ['f32x4 fused', 'f32x4', fused],
      ];

const roundHalfEven = (x: number) => {
  if (!(Math.abs(x) < 2 ** 52)) return x;
  const rounded = Math.abs(x) + 2 ** 52 - 2 ** 52;
  return x < 0 || Object.is(x, -0) ? -rounded : rounded;
};

const inJavaScript: Record<Exclude<MathName, 'erf'>, (x: number, y: number) => number> = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  tanh: Math.tanh,
  sigmoid: (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  sinh: Math.sinh,
  cosh: Math.cosh,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  sign: Math.sign,
  round: roundHalfEven,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  pow: Math.pow,
  atan2: Math.atan2,
  fmod: (x, y) => x % y,
  mod: (x, y) => {
    const rest = x % y;
    if (x < 0 === y < 0) return rest;
    return rest + y === y ? y - y : rest + y;
  },
};

/** The largest errors allowed, in units in the last place; what is not named is within 1. */
const limits: Partial<Record<MathName, number>> = {
  exp: 1.3,
  expm1: 2.1,
  log1p: 1.5,
  tanh: 2.8,
  sigmoid: 2.5,
  softplus: 2.9,
  sinh: 2.5,
  cosh: 1.7,
  sin: 1.6,
  cos: 1.6,
  tan: 3,
  asin: 1.5,
  acos: 1.5,
  atan: 2,
  erf: 1.5,
  rsqrt: 1.6,
  atan2: 2,
};
/** Where float32 has a formula of its own. */
const float32Limits: Partial<Record<MathName, number>> = { tanh: 4 };
const limitOf = (name: MathName, wide: boolean) => (wide ? undefined : float32Limits[name]) ?? limits[name] ?? 1;

const bits = new DataView(new ArrayBuffer(8));
const float32OfBits = (word: number) => {
  bits.setUint32(0, word >>> 0);
  return bits.getFloat32(0);
};
const bitsOfFloat32 = (x: number) => {
  bits.setFloat32(0, x);
  return bits.getUint32(0);
};
const float64OfBits = (word: bigint) => {
  bits.setBigUint64(0, word);
  return bits.getFloat64(0);
};

/** Where a computed float32 is farthest from a double, in units in the last place. */
function farthest(computed: Floats, expected: Float64Array): { error: number; at: number } {
  let error = 0;
  let at = 0;
  const float = new Float64Array(1);
  const word = new Uint32Array(float.buffer);
  for (let i = 0; i < expected.length; i++) {
    const want = expected[i]!;
    const got = computed[i]!;
    if (Object.is(Math.fround(want), got) || Math.fround(want) === got) continue;
    float[0] = want;
    const exponent = Math.max(((word[1]! >>> 20) & 0x7ff) - 1023, -126);
    // What overflows only by rounding stands at the end of the range.
    const finite = Math.abs(got) === Number.POSITIVE_INFINITY ? Math.sign(got) * 2 ** 128 : got;
    const difference = Math.abs(finite - want) * 2 ** (23 - exponent);
    if (!(difference <= error)) {
      error = difference;
      at = i;
    }
  }
  return { error, at };
}

describe('float32', () => {
  const points: number[] = [];
  // All exponents and signs, then runs of neighbours where formulas change or nearly cancel.
  for (let word = 0; word < 2 ** 32; word += 16381) points.push(float32OfBits(word));
  const joints = [1, 0.5, 2, Math.SQRT1_2, Math.SQRT2, Math.LN2 / 2, 0.41421356, 2.4142135, Math.PI / 4, Math.PI / 2];
  const far = [Math.PI, 3.92, 4, 9, 17, 88.7, 89.4, 104, 100, 1e6, 2 ** -12, 2 ** -24, 2 ** -126, 22 / 7 / 2];
  for (const joint of [...joints, ...far]) {
    for (let i = -700; i < 700; i++)
      points.push(float32OfBits(bitsOfFloat32(joint) + i), -float32OfBits(bitsOfFloat32(joint) + i));
  }
  for (let k = 1; k < 640_000; k += 13) points.push(Math.fround((k * Math.PI) / 2));
  const xs = Float32Array.from(points);

  it.each(unaryNames)('%s over all magnitudes', (name) => {
    const expected =
      name === 'erf'
        ? (plain('erf', 'f64', xs) as Float64Array)
        : Float64Array.from(xs, (x) => inJavaScript[name](x, 0));
    for (const [way, shape, apply] of ways(false)) {
      const { error, at } = farthest(apply(name, shape, xs), expected);
      expect(error, `${way} at ${xs[at]}`).toBeLessThan(limitOf(name, false));
    }
  });

  it.each(binaryNames)('%s over all magnitudes', (name) => {
    const random = generator(7);
    const count = 100_000;
    const near = (scale: number) => Math.fround((random() * 2 - 1) * scale);
    const first = Float32Array.from({ length: count }, (_, i) =>
      i % 2 ? near(20) : float32OfBits(random() * 2 ** 32),
    );
    const second = Float32Array.from({ length: count }, (_, i) =>
      i % 4 < 3 ? near(20) : float32OfBits(random() * 2 ** 32),
    );
    const expected = Float64Array.from(first, (x, i) => inJavaScript[name](x, second[i]!));
    // The floored remainder adds the divisor, which rounds.
    if (name === 'mod') for (let i = 0; i < count; i++) expected[i] = floatMod(first[i]!, second[i]!);
    for (const [way, shape, apply] of ways(false)) {
      const { error, at } = farthest(apply(name, shape, first, second), expected);
      expect(error, `${way} at ${first[at]}, ${second[at]}`).toBeLessThan(limitOf(name, false));
    }
  });
});

function floatMod(x: number, y: number): number {
  const rest = x % y;
  if (x < 0 === y < 0 || Number.isNaN(rest)) return rest;
  const sum = Math.fround(rest + y);
  return sum === y ? sum - y : sum;
}

/** A small seeded generator of numbers in [0, 1) (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('float64 against many digits', () => {
  const random = generator(1);
  /** Magnitudes spread over powers of two, of both signs. */
  const spread = (low: number, high: number) => 2 ** (low + (high - low) * random()) * (1 + random() * 2 ** -20);
  const either = (x: number) => (random() < 0.5 ? x : -x);
  const within = (low: number, high: number) => low + (high - low) * random();
  const domains: Partial<Record<MathName, () => readonly number[]>> = {
    exp: () => [within(-745, 709.7)],
    expm1: () => [random() < 0.5 ? either(spread(-60, 0)) : within(-45, 709.7)],
    log: () => [random() < 0.5 ? spread(-240, 1000) : within(0.5, 2)],
    log1p: () => [random() < 0.5 ? spread(-60, 1000) : within(-0.9999, 2)],
    tanh: () => [either(spread(-60, 4.5))],
    sigmoid: () => [random() < 0.5 ? either(spread(-60, 9.5)) : within(-740, 40)],
    softplus: () => [random() < 0.5 ? either(spread(-60, 9.5)) : within(-740, 40)],
    sinh: () => [either(spread(-60, 9.47))],
    cosh: () => [either(spread(-60, 9.47))],
    sin: () => [either(spread(-60, 19.8))],
    cos: () => [either(spread(-60, 19.8))],
    tan: () => [either(spread(-60, 19.8))],
    asin: () => [random() < 0.5 ? either(spread(-60, 0)) : within(-1, 1)],
    acos: () => [random() < 0.5 ? either(1 - spread(-53, -1)) : within(-1, 1)],
    atan: () => [either(spread(-60, 60))],
    erf: () => [either(spread(-60, 2.7))],
    rsqrt: () => [spread(-240, 1000)],
    pow: () => {
      const x = random() < 0.5 ? spread(-200, 300) : 1 + either(spread(-50, -3));
      return [x, (within(-1, 1) * 744) / Math.abs(Math.log(x))];
    },
    atan2: () => [either(spread(-100, 100)), either(spread(-100, 100))],
  };

  it.each(Object.keys(domains) as MathName[])('%s', (name) => {
    const draw = domains[name]!;
    // The multiples of pi/2 and their doubles are where a reduction of the argument shows its precision.
    const multiples = ['sin', 'cos', 'tan'].includes(name)
      ? Array.from({ length: 300 }, (_, k) => [((k * k + 1) * Math.PI) / 2])
      : [];
    const inputs = [...Array.from({ length: 1500 }, draw), ...multiples].filter(
      ([x]) => Math.abs(x!) <= (name === 'asin' ? 1 : 1.7e308),
    );
    const expected = inputs.map((args) => reference(name, ...args));
    const xs = inputs.map(([x]) => x!);
    const ys = math.arity(name) === 2 ? inputs.map((args) => args[1]!) : undefined;
    for (const [way, shape, apply] of ways(true)) {
      const computed = apply(name, shape, xs, ys);
      const errors = inputs.map((_, i) => ulps(computed[i]!, expected[i]!, true));
      const at = errors.reduce((worst, error, i) => (error > errors[worst]! ? i : worst), 0);
      expect(errors[at]!, `${way} at ${inputs[at]}`).toBeLessThan(limitOf(name, true));
    }
  });

  it.each(['sin', 'cos', 'tan'] as const)('%s of huge angles', (name) => {
    const xs = Array.from({ length: 4000 }, () => either(spread(19, 1023.9)));
    // The double that comes nearest to a multiple of pi/2 (Muller, 2016, table 11.1).
    xs.push(6381956970095103 * 2 ** 797, 1e22, 2 ** 1023);
    for (const [way, shape, apply] of ways(true)) {
      const computed = apply(name, shape, xs);
      xs.forEach((x, i) => {
        const want = inJavaScript[name](x, 0);
        // Math is itself within one unit or two.
        expect(Math.abs(computed[i]! - want), `${way} at ${x}`).toBeLessThanOrEqual(Math.abs(want) * 2 ** -50.5);
      });
    }
  });
});

describe('special values', () => {
  const magnitudes = [
    0,
    1,
    0.5,
    2,
    3,
    1.5,
    4.5,
    1e5,
    1e6,
    1e22,
    1e100,
    1e300,
    0.25,
    1e-20,
    5e-324,
    1e-310,
    2.2250738585072014e-308,
    1e-45,
    1.1754943508222875e-38,
    3.4028234663852886e38,
    1.7976931348623157e308,
    710.4,
    710.4758600739439,
    709.782712893384,
    744,
    745.1,
    746,
    88.7,
    89.4,
    103.9,
    104.5,
    2 ** 53,
    2 ** 53 - 1,
    2 ** 24,
    Number.POSITIVE_INFINITY,
  ];
  const specials = [...magnitudes, ...magnitudes.map((x) => -x), Number.NaN];

  it.each([...unaryNames, ...binaryNames].filter((name) => name !== 'erf'))('%s', (name) => {
    for (const wide of [false, true]) {
      const round = wide ? (x: number) => x : Math.fround;
      const values = specials.map(round);
      const inputs = math.arity(name) === 1 ? values.map((x) => [x]) : values.flatMap((x) => values.map((y) => [x, y]));
      const xs = inputs.map(([x]) => x!);
      const ys = math.arity(name) === 1 ? undefined : inputs.map((args) => args[1]!);
      for (const [way, shape, apply] of ways(wide)) {
        const computed = apply(name, shape, xs, ys);
        inputs.forEach(([x, y = 0], i) => {
          const exact =
            name === 'mod' && !wide ? floatMod(x!, y) : inJavaScript[name as Exclude<MathName, 'erf'>](x!, y);
          const want = round(exact);
          const got = computed[i]!;
          const note = `${way} at ${x}, ${y}: ${got} for ${want}`;
          if (Number.isNaN(want) || !Number.isFinite(want)) expect(got, note).toBe(want);
          // The sign of zero is JavaScript's, but for the floored remainder.
          else if (want === 0 && name !== 'mod') expect(Object.is(got, want), note).toBe(true);
          else {
            const ulp = Math.max(Math.abs(want) * (wide ? 2 ** -52 : 2 ** -23), wide ? 2 ** -1074 : 2 ** -149);
            expect(Math.abs(got - want), note).toBeLessThanOrEqual(4 * ulp);
          }
        });
      }
    }
  });

  it('erf', () => {
    const inputs = [0, -0, 1e-310, 7, -7, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
    for (const [way, shape, apply] of ways(true)) {
      const [zero, minus, small, ...rest] = apply('erf', shape, inputs);
      expect([Object.is(zero, 0), Object.is(minus, -0)], way).toEqual([true, true]);
      expect(Math.abs(small! - (2 / Math.sqrt(Math.PI)) * 1e-310), way).toBeLessThan(1e-323);
      expect(rest, way).toEqual([1, -1, 1, -1, Number.NaN]);
    }
  });
});

describe('properties', () => {
  const one = (name: MathName, x: number, y?: number) => plain(name, 'f64', [x], y === undefined ? undefined : [y])[0]!;
  const anyDouble = fc.bigInt(0n, (1n << 64n) - 1n).map(float64OfBits);

  it('fmod is JavaScript’s remainder, exactly', () => {
    fc.assert(
      fc.property(anyDouble, anyDouble, (x, y) => {
        for (const [, shape, apply] of ways(true))
          if (!Object.is(apply('fmod', shape, [x], [y])[0], x % y)) return false;
        return true;
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: -1e8, max: 1e8 }),
        fc.double({ noNaN: true, min: -100, max: 100 }),
        (x, y) => {
          for (const [, shape, apply] of ways(true))
            if (!Object.is(apply('fmod', shape, [x], [y])[0], x % y)) return false;
          return true;
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('odd functions are odd', () => {
    for (const name of ['tanh', 'sinh', 'sin', 'tan', 'asin', 'atan', 'erf'] as const) {
      fc.assert(
        fc.property(anyDouble, (x) => Object.is(one(name, -x), -one(name, x)) || Number.isNaN(one(name, x))),
        { numRuns: 200 },
      );
    }
  });

  it('tanh stays within 1 in float32', () => {
    const xs = Float32Array.from({ length: 100_000 }, (_, i) => 3 + i / 10_000);
    for (const [way, shape, apply] of ways(false)) {
      const values = apply('tanh', shape, xs);
      expect(Math.max(...values.subarray(0, 50_000), ...values.subarray(50_000)), way).toBe(1);
    }
  });

  it('tanh of large arguments is exactly 1 in float32, as its true value rounds to it', () => {
    const xs = Float32Array.of(9.1, 10, 20, 1e5, 3e38, Number.POSITIVE_INFINITY, -9.1, -20, Number.NEGATIVE_INFINITY);
    for (const [way, shape, apply] of ways(false)) {
      expect([...apply('tanh', shape, xs)], way).toEqual([...xs].map(Math.sign));
    }
  });

  it('hot functions grow with their argument', () => {
    for (const name of ['exp', 'tanh', 'sigmoid', 'softplus'] as const) {
      fc.assert(
        fc.property(
          fc.double({ min: -800, max: 800, noNaN: true }),
          fc.double({ min: 1e-9, max: 1, noNaN: true }),
          (x, step) => {
            const [low, high] = plain(name, 'f64', [x, x + step * Math.max(1, Math.abs(x))]);
            // To rounding: where a function is flat, neighbours may come out in either order.
            return low! <= high! + Math.abs(high!) * 2 ** -50 + 2 ** -1072;
          },
        ),
        { numRuns: 300 },
      );
    }
  });
});

describe('the ways to use them', () => {
  it('adds a function once', () => {
    const module = new ModuleBuilder();
    const first = mathFunction(module, 'tanh', 'f32x4');
    expect(mathFunction(module, 'tanh', 'f32x4')).toBe(first);
    expect(mathFunction(module, 'tanh', 'f64x2')).not.toBe(first);
    expect([math.has('tanh'), math.has('nothing'), math.has('toString')]).toEqual([true, false, false]);
  });

  it('gives the same in place, by call and over arrays', () => {
    const module = new ModuleBuilder();
    module.export('memory', module.memory({ min: 1 }));
    module.export('array', mathArray(module, 'sigmoid', 'f64x2'));
    module.function('inline', {}, ['f64'], (f) => math.inline(module, f, 'sigmoid', 'f64', 0.7) as Value<'f64'>, {
      export: true,
    });
    module.function(
      'power',
      {},
      ['f64'],
      (f) => math.inline(module, f, 'pow', 'f64', f.f64.const(2), f.f64.const(10)) as Value<'f64'>,
      { export: true },
    );
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.build()));
    const call = exports as Record<string, (...args: number[]) => number>;
    const numbers = new Float64Array((exports.memory as WebAssembly.Memory).buffer);
    numbers.fill(0.7, 0, 5);
    call.array!(0, 128, 5);
    call.array!(0, 512, 0);
    const expected = plain('sigmoid', 'f64', [0.7])[0]!;
    expect([...numbers.subarray(16, 21)]).toEqual(Array(5).fill(expected));
    expect(numbers[64]).toBe(0);
    expect(call.inline!()).toBe(expected);
    expect(call.power!()).toBe(1024);
  });
});
