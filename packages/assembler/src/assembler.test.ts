import { setFlagsFromString } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from './byte-writer.ts';
import { probeFeatures } from './features.ts';
import type { FunctionBuilder } from './function-builder.ts';
import { ModuleBuilder } from './module-builder.ts';
import { AssemblyError, type Operand, type Value, type ValueType } from './values.ts';

// Node 20 has relaxed SIMD behind a flag.
setFlagsFromString('--experimental-wasm-relaxed-simd');

type Exports = Record<string, (...args: unknown[]) => unknown>;

function instantiate(module: ModuleBuilder, imports: WebAssembly.Imports = {}): Exports {
  const bytes = module.build();
  expect(WebAssembly.validate(bytes)).toBe(true);
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports as Exports;
}

/** The value of an expression without arguments. */
function evaluate<T extends Exclude<ValueType, 'v128'>>(type: T, body: (f: FunctionBuilder) => Value<T>): unknown {
  const module = new ModuleBuilder();
  module.memory({ min: 1 });
  module.function('run', {}, [type], (f) => body(f) as never, { export: true });
  return instantiate(module).run!();
}

const lanesOf = {
  f32x4: (buffer: ArrayBuffer) => [...new Float32Array(buffer, 0, 4)],
  f64x2: (buffer: ArrayBuffer) => [...new Float64Array(buffer, 0, 2)],
  i32x4: (buffer: ArrayBuffer) => [...new Int32Array(buffer, 0, 4)],
  i64x2: (buffer: ArrayBuffer) => [...new BigInt64Array(buffer, 0, 2)],
};

/** The lanes of a vector expression; literals are made in both ways. */
function lanes(shape: keyof typeof lanesOf, body: (f: FunctionBuilder) => Value<'v128'>, relaxedSimd = false) {
  const [hoisted, inline] = (['hoist', 'inline'] as const).map((literals) => {
    const module = new ModuleBuilder({ relaxedSimd });
    module.export('memory', module.memory({ min: 1 }));
    module.function('run', {}, [], (f) => f.v128.store(0, body(f)), { export: true, literals });
    const exports = instantiate(module);
    exports.run!();
    return lanesOf[shape]((exports.memory as unknown as WebAssembly.Memory).buffer as ArrayBuffer);
  });
  expect(hoisted).toEqual(inline);
  return hoisted;
}

describe('LEB128', () => {
  const written = (write: (out: ByteWriter) => void) => {
    const out = new ByteWriter();
    write(out);
    return out.bytes;
  };
  const decode = (bytes: readonly number[], signed: boolean) => {
    let value = 0n;
    bytes.forEach((byte, i) => {
      value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    });
    const last = bytes.at(-1)!;
    return signed && last & 0x40 ? value - (1n << BigInt(7 * bytes.length)) : value;
  };

  it('is right at the edges', () => {
    expect(written((out) => out.u32(127))).toEqual([0x7f]);
    expect(written((out) => out.u32(128))).toEqual([0x80, 0x01]);
    expect(written((out) => out.u32(0xffffffff))).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f]);
    expect(written((out) => out.s32(63))).toEqual([0x3f]);
    expect(written((out) => out.s32(64))).toEqual([0xc0, 0x00]);
    expect(written((out) => out.s32(-64))).toEqual([0x40]);
    expect(written((out) => out.s32(-65))).toEqual([0xbf, 0x7f]);
    expect(written((out) => out.s32(-0x80000000))).toEqual([0x80, 0x80, 0x80, 0x80, 0x78]);
    expect(written((out) => out.s32(0xffffffff))).toEqual([0x7f]);
    expect(written((out) => out.s64(-(1n << 63n)))).toEqual([...Array(9).fill(0x80), 0x7f]);
    expect(written((out) => out.s64((1n << 64n) - 1n))).toEqual([0x7f]);
  });

  it('reads back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffffffff }),
        (n) =>
          decode(
            written((out) => out.u32(n)),
            false,
          ) === BigInt(n),
      ),
    );
    fc.assert(
      fc.property(
        fc.integer(),
        (n) =>
          decode(
            written((out) => out.s32(n)),
            true,
          ) === BigInt(n),
      ),
    );
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), (n) => {
        const bytes = written((out) => out.s64(n));
        return bytes.length <= 10 && decode(bytes, true) === n;
      }),
    );
  });

  it('refuses what does not fit', () => {
    for (const value of [-1, 2 ** 32, 1.5, Number.NaN]) expect(() => new ByteWriter().u32(value)).toThrow(RangeError);
    for (const value of [-(2 ** 31) - 1, 2 ** 32]) expect(() => new ByteWriter().s32(value)).toThrow(RangeError);
    expect(() => new ByteWriter().s64(1n << 64n)).toThrow(RangeError);
  });

  it('carries literals of every size through the engine', () => {
    fc.assert(
      fc.property(fc.integer(), (n) => evaluate('i32', (f) => f.i32.const(n)) === n),
      { numRuns: 50 },
    );
    fc.assert(
      fc.property(fc.bigInt(-(1n << 63n), (1n << 63n) - 1n), (n) => evaluate('i64', (f) => f.i64.const(n)) === n),
      {
        numRuns: 50,
      },
    );
    fc.assert(
      fc.property(fc.double(), (n) =>
        Object.is(
          evaluate('f64', (f) => f.f64.const(n)),
          n,
        ),
      ),
      { numRuns: 50 },
    );
  });
});

describe('scalar instructions', () => {
  it('computes with integers', () => {
    const i32 = (body: (f: FunctionBuilder) => Value<'i32'>) => evaluate('i32', body);
    expect(i32((f) => f.i32.add(7, -3))).toBe(4);
    expect(i32((f) => f.i32.sub(7, -3))).toBe(10);
    expect(i32((f) => f.i32.mul(7, -3))).toBe(-21);
    expect(i32((f) => f.i32.divS(-7, 2))).toBe(-3);
    expect(i32((f) => f.i32.divU(-2, 2))).toBe(0x7fffffff);
    expect(i32((f) => f.i32.remS(-7, 2))).toBe(-1);
    expect(i32((f) => f.i32.remU(7, 4))).toBe(3);
    expect(i32((f) => f.i32.and(6, 3))).toBe(2);
    expect(i32((f) => f.i32.or(6, 3))).toBe(7);
    expect(i32((f) => f.i32.xor(6, 3))).toBe(5);
    expect(i32((f) => f.i32.shl(1, 31))).toBe(-(2 ** 31));
    expect(i32((f) => f.i32.shrS(-8, 1))).toBe(-4);
    expect(i32((f) => f.i32.shrU(-8, 1))).toBe(0x7ffffffc);
    expect(i32((f) => f.i32.rotl(0x40000001, 2))).toBe(5);
    expect(i32((f) => f.i32.rotr(5, 2))).toBe(0x40000001);
    expect(i32((f) => f.i32.clz(1))).toBe(31);
    expect(i32((f) => f.i32.ctz(8))).toBe(3);
    expect(i32((f) => f.i32.popcnt(255))).toBe(8);
    expect(i32((f) => f.i32.eqz(0))).toBe(1);
    const order = ['eq', 'ne', 'ltS', 'ltU', 'gtS', 'gtU', 'leS', 'leU', 'geS', 'geU'] as const;
    expect(order.map((name) => i32((f) => f.i32[name](-1, 1)))).toEqual([0, 1, 1, 0, 0, 1, 1, 0, 0, 1]);
    expect(order.map((name) => i32((f) => f.i64[name](-1, 1)))).toEqual([0, 1, 1, 0, 0, 1, 1, 0, 0, 1]);
    const i64 = (body: (f: FunctionBuilder) => Value<'i64'>) => evaluate('i64', body);
    expect(i64((f) => f.i64.add(2n ** 40n, 3))).toBe(2n ** 40n + 3n);
    expect(i64((f) => f.i64.shrU(-1, 60))).toBe(15n);
    expect(i64((f) => f.i64.rotr(1, 1))).toBe(-(2n ** 63n));
    expect(i64((f) => f.i64.clz(1))).toBe(63n);
    expect(i64((f) => f.i64.mul(2n ** 33n, 5))).toBe(5n * 2n ** 33n);
    expect(i32((f) => f.i64.eqz(0n))).toBe(1);
  });

  it('computes with floats', () => {
    for (const type of ['f32', 'f64'] as const) {
      const float = (body: (group: FunctionBuilder['f64']) => Value) =>
        evaluate(type, (f) => body(f[type] as unknown as FunctionBuilder['f64']) as never);
      expect(float((g) => g.add(1.5, 2))).toBe(3.5);
      expect(float((g) => g.sub(1.5, 2))).toBe(-0.5);
      expect(float((g) => g.mul(1.5, 2))).toBe(3);
      expect(float((g) => g.div(1.5, 2))).toBe(0.75);
      expect(float((g) => g.min(1.5, 2))).toBe(1.5);
      expect(float((g) => g.max(1.5, 2))).toBe(2);
      expect(float((g) => g.copysign(1.5, -2))).toBe(-1.5);
      expect(float((g) => g.abs(-1.5))).toBe(1.5);
      expect(float((g) => g.neg(1.5))).toBe(-1.5);
      expect(float((g) => g.ceil(1.25))).toBe(2);
      expect(float((g) => g.floor(1.25))).toBe(1);
      expect(float((g) => g.trunc(-1.25))).toBe(-1);
      expect(float((g) => g.nearest(2.5))).toBe(2);
      expect(float((g) => g.sqrt(2.25))).toBe(1.5);
      expect(float((g) => g.fma(2, 3, 4))).toBe(10);
      expect(float((g) => g.fnma(2, 3, 4))).toBe(-2);
      expect(float((g) => g.convertI32S(-1))).toBe(-1);
      expect(float((g) => g.convertI32U(-2))).toBe(type === 'f32' ? 2 ** 32 : 2 ** 32 - 2);
      expect(float((g) => g.convertI64S(-1n))).toBe(-1);
      expect(float((g) => g.convertI64U(-1n))).toBe(2 ** 64);
      const order = ['eq', 'ne', 'lt', 'gt', 'le', 'ge'] as const;
      expect(order.map((name) => evaluate('i32', (f) => f[type][name](1, 2)))).toEqual([0, 1, 1, 0, 1, 0]);
    }
  });

  it('converts', () => {
    expect(evaluate('i32', (f) => f.i32.wrapI64(2n ** 32n + 5n))).toBe(5);
    expect(evaluate('i64', (f) => f.i64.extendI32S(-1))).toBe(-1n);
    expect(evaluate('i64', (f) => f.i64.extendI32U(-1))).toBe(2n ** 32n - 1n);
    expect(evaluate('i32', (f) => f.i32.truncSatF64S(-1.9))).toBe(-1);
    expect(evaluate('i32', (f) => f.i32.truncSatF32S(1e20))).toBe(2 ** 31 - 1);
    expect(evaluate('i64', (f) => f.i64.truncSatF64S(1e15))).toBe(10n ** 15n);
    expect(evaluate('i64', (f) => f.i64.truncSatF32S(Number.NaN))).toBe(0n);
    expect(evaluate('f32', (f) => f.f32.demoteF64(0.1))).toBe(Math.fround(0.1));
    expect(evaluate('f64', (f) => f.f64.promoteF32(0.1))).toBe(Math.fround(0.1));
    expect(evaluate('i32', (f) => f.i32.reinterpretF32(1))).toBe(0x3f800000);
    expect(evaluate('f32', (f) => f.f32.reinterpretI32(0x3f800000))).toBe(1);
    expect(evaluate('i64', (f) => f.i64.reinterpretF64(1))).toBe(0x3ff0000000000000n);
    expect(evaluate('f64', (f) => f.f64.reinterpretI64(0x3ff0000000000000n))).toBe(1);
  });

  it('loads and stores', () => {
    const value = evaluate('f64', (f) => {
      f.f64.store(8, 1.5, 16);
      f.f32.store(0, 2.5);
      f.i32.store(4, -2);
      f.i64.store(32, -3n);
      f.i32.store8(40, 0x1ff);
      f.i64.store16(42, 0x1ffff);
      f.memoryCopy(100, 0, 64);
      f.memoryFill(0, 0, 64);
      const sum = f.f64.add(f.f64.load(100, 24), f.f64.promoteF32(f.f32.load(100)));
      const integers = f.i32.add(f.i32.load(104), f.i32.wrapI64(f.i64.load(132)));
      const bytes = f.i32.add(f.i32.load8u(140), f.i32.wrapI64(f.i64.load16u(142)));
      return f.f64.add(
        sum,
        f.f64.convertI32S(f.i32.add(f.i32.add(integers, bytes), f.i32.add(f.memorySize(), f.memoryGrow(1)))),
      );
    });
    expect(value).toBe(4 - 5 + 255 + 65535 + 2);
  });
});

describe('vector instructions', () => {
  it('computes with floats', () => {
    for (const shape of ['f32x4', 'f64x2'] as const) {
      const n = shape === 'f32x4' ? 4 : 2;
      const all = (body: (group: FunctionBuilder['f64x2']) => Value<'v128'>) =>
        lanes(shape, (f) => body(f[shape] as unknown as FunctionBuilder['f64x2']));
      const each = (value: number) => Array(n).fill(value);
      expect(all((g) => g.add(1.5, 2))).toEqual(each(3.5));
      expect(all((g) => g.sub(1.5, 2))).toEqual(each(-0.5));
      expect(all((g) => g.mul(1.5, 2))).toEqual(each(3));
      expect(all((g) => g.div(1.5, 2))).toEqual(each(0.75));
      expect(all((g) => g.min(1.5, 2))).toEqual(each(1.5));
      expect(all((g) => g.max(1.5, 2))).toEqual(each(2));
      expect(all((g) => g.pmin(Number.NaN, 2))).toEqual(each(Number.NaN));
      expect(all((g) => g.pmax(1.5, 2))).toEqual(each(2));
      expect(all((g) => g.abs(-1.5))).toEqual(each(1.5));
      expect(all((g) => g.neg(0))).toEqual(each(-0));
      expect(all((g) => g.neg(-0))).toEqual(each(0));
      expect(all((g) => g.sqrt(2.25))).toEqual(each(1.5));
      expect(all((g) => g.ceil(1.25))).toEqual(each(2));
      expect(all((g) => g.floor(1.25))).toEqual(each(1));
      expect(all((g) => g.trunc(-1.25))).toEqual(each(-1));
      expect(all((g) => g.nearest(2.5))).toEqual(each(2));
      expect(all((g) => g.fma(2, 3, 4))).toEqual(each(10));
      expect(all((g) => g.fnma(2, 3, 4))).toEqual(each(-2));
      expect(all((g) => g.fma(2, 3, g.neg(4)))).toEqual(each(2));
      expect(all((g) => g.splat(2.5))).toEqual(each(2.5));
      expect(all((g) => g.replaceLane(1, 1, 9))).toEqual(each(1).with(1, 9));
      expect(all((g) => g.splat(g.extractLane(g.replaceLane(1, 1, 9), 1)))).toEqual(each(9));
      const order = ['eq', 'ne', 'lt', 'gt', 'le', 'ge'] as const;
      const holds = order.map((name) => lanes('i32x4', (f) => f[shape][name](f[shape].const(1), 2))?.[0]);
      expect(holds).toEqual([0, -1, -1, 0, -1, 0]);
    }
  });

  it('computes with integers', () => {
    for (const shape of ['i32x4', 'i64x2'] as const) {
      const n = shape === 'i32x4' ? 4 : 2;
      const all = (body: (group: FunctionBuilder['i64x2']) => Value<'v128'>) =>
        lanes(shape, (f) => body(f[shape] as unknown as FunctionBuilder['i64x2']))!.map(Number);
      const each = (value: number) => Array(n).fill(value);
      expect(all((g) => g.add(7, -3))).toEqual(each(4));
      expect(all((g) => g.sub(7, -3))).toEqual(each(10));
      expect(all((g) => g.mul(7, -3))).toEqual(each(-21));
      expect(all((g) => g.abs(-7))).toEqual(each(7));
      expect(all((g) => g.neg(7))).toEqual(each(-7));
      expect(all((g) => g.shl(3, 2))).toEqual(each(12));
      expect(all((g) => g.shrS(-8, 1))).toEqual(each(-4));
      expect(all((g) => g.shrU(8, 1))).toEqual(each(4));
      const order = ['eq', 'ne', 'ltS', 'gtS', 'leS', 'geS'] as const;
      expect(order.map((name) => all((g) => g[name](-1, 1))[0])).toEqual([0, -1, -1, 0, -1, 0]);
      const scalar = (body: (g: FunctionBuilder['i64x2']) => Value<'i32'>) =>
        evaluate('i32', (f) => body(f[shape] as unknown as FunctionBuilder['i64x2']));
      expect(scalar((g) => g.allTrue(g.const(1)))).toBe(1);
      expect(scalar((g) => g.bitmask(g.const(-1)))).toBe(2 ** n - 1);
    }
    const i32 = (body: (g: FunctionBuilder['i32x4']) => Value<'v128'>) => lanes('i32x4', (f) => body(f.i32x4))?.[0];
    const unsigned = ['minS', 'minU', 'maxS', 'maxU', 'ltU', 'gtU', 'leU', 'geU'] as const;
    expect(unsigned.map((name) => i32((g) => g[name](-1, 1)))).toEqual([-1, 1, 1, -1, 0, -1, 0, -1]);
    const extended = ['extendLowI32x4S', 'extendHighI32x4S', 'extendLowI32x4U', 'extendHighI32x4U'] as const;
    const source = [-1, 2, -3, 4];
    expect(extended.map((name) => lanes('i64x2', (f) => f.i64x2[name](f.i32x4.const(source)))?.[0])).toEqual([
      -1n,
      -3n,
      2n ** 32n - 1n,
      2n ** 32n - 3n,
    ]);
  });

  it('converts', () => {
    const floats = [1.5, -2.5, 3e10, Number.NaN];
    expect(lanes('i32x4', (f) => f.i32x4.truncSatF32x4S(f.f32x4.const(floats)))).toEqual([1, -2, 2 ** 31 - 1, 0]);
    expect(lanes('i32x4', (f) => f.i32x4.truncSatF32x4U(f.f32x4.const(floats)))).toEqual([1, 0, -1, 0]);
    expect(lanes('i32x4', (f) => f.i32x4.truncSatF64x2SZero(f.f64x2.const([1.5, -2.5])))).toEqual([1, -2, 0, 0]);
    expect(lanes('i32x4', (f) => f.i32x4.truncSatF64x2UZero(f.f64x2.const([1.5, -2.5])))).toEqual([1, 0, 0, 0]);
    const integers = [1, -2, 3, 4];
    expect(lanes('f32x4', (f) => f.f32x4.convertI32x4S(f.i32x4.const(integers)))).toEqual([1, -2, 3, 4]);
    expect(lanes('f32x4', (f) => f.f32x4.convertI32x4U(f.i32x4.const(integers)))?.[1]).toBe(2 ** 32);
    expect(lanes('f64x2', (f) => f.f64x2.convertLowI32x4S(f.i32x4.const(integers)))).toEqual([1, -2]);
    expect(lanes('f64x2', (f) => f.f64x2.convertLowI32x4U(f.i32x4.const(integers)))).toEqual([1, 2 ** 32 - 2]);
    expect(lanes('f64x2', (f) => f.f64x2.promoteLowF32x4(f.f32x4.const(floats)))).toEqual([1.5, -2.5]);
    expect(lanes('f32x4', (f) => f.f32x4.demoteF64x2Zero(f.f64x2.const([1.5, 0.1])))).toEqual([
      1.5,
      Math.fround(0.1),
      0,
      0,
    ]);
  });

  it('moves bits and lanes', () => {
    const [a, b] = [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ];
    const pair = (body: (f: FunctionBuilder, a: Value<'v128'>, b: Value<'v128'>) => Value<'v128'>) =>
      lanes('i32x4', (f) => body(f, f.i32x4.const(a), f.i32x4.const(b)));
    expect(pair((f, x, y) => f.v128.and(x, y))).toEqual([1, 2, 3, 0]);
    expect(pair((f, x, y) => f.v128.or(x, y))).toEqual([5, 6, 7, 12]);
    expect(pair((f, x, y) => f.v128.xor(x, y))).toEqual([4, 4, 4, 12]);
    expect(pair((f, x, y) => f.v128.andnot(x, y))).toEqual([0, 0, 0, 4]);
    expect(lanes('i32x4', (f) => f.v128.not(f.i32x4.const(a)))).toEqual([-2, -3, -4, -5]);
    expect(pair((f, x, y) => f.v128.bitselect(x, y, f.i32x4.const([-1, 0, -1, 0])))).toEqual([1, 6, 3, 8]);
    expect(pair((f, x, y) => f.i32x4.pick(x, y, [0, 4, 3, 7]))).toEqual([1, 5, 4, 8]);
    expect(
      pair((f, x, y) =>
        f.v128.shuffle(
          x,
          y,
          [...Array(16).keys()].map((i) => i + 16),
        ),
      ),
    ).toEqual(b);
    expect(
      lanes('i32x4', (f) => f.v128.swizzle(f.i32x4.const(a), f.i32x4.const([0x07060504, -1, 0x03020100, -1]))),
    ).toEqual([2, 0, 1, 0]);
    expect(evaluate('i32', (f) => f.v128.anyTrue(f.i32x4.const([0, 0, 1, 0])))).toBe(1);
    expect(evaluate('i64', (f) => f.i64x2.extractLane(f.i64x2.const([1n, -(2n ** 40n)]), 1))).toBe(-(2n ** 40n));
  });

  it('loads and stores', () => {
    const seen = lanes('f32x4', (f) => {
      f.f32x4.store(16, f.f32x4.const([1, 2, 3, 4]));
      f.v128.store32Lane(48, f.v128.load(16), 2);
      f.v128.store64Lane(56, f.f32x4.load(0, 16), 1);
      const splat = f.let(f.f32x4.add(f.v128.load32Splat(48), f.f32x4.loadSplat(20)));
      const zero = f.let(f.f32x4.add(f.v128.load32Zero(16), f.v128.load64Zero(56)));
      const lane = f.let(f.v128.load32Lane(28, f.v128.load64Splat(16), 0));
      return f.f32x4.add(f.f32x4.add(splat, zero), f.v128.load64Lane(56, lane, 1));
    });
    // splat 5 5 5 5, zero 4 4 0 0, lane 4 2 3 4
    expect(seen).toEqual([13, 11, 8, 9]);
  });

  it.skipIf(!probeFeatures().relaxedSimd)('fuses with relaxed SIMD', () => {
    for (const shape of ['f32x4', 'f64x2'] as const) {
      const first = (body: (g: FunctionBuilder['f64x2']) => Value<'v128'>) =>
        lanes(shape, (f) => body(f[shape] as unknown as FunctionBuilder['f64x2']), true)?.[0];
      expect(first((g) => g.fma(2, 3, 4))).toBe(10);
      expect(first((g) => g.fnma(2, 3, 4))).toBe(-2);
      expect(first((g) => g.relaxedMin(1, 2))).toBe(1);
      expect(first((g) => g.relaxedMax(1, 2))).toBe(2);
    }
    for (const shape of ['i32x4', 'i64x2'] as const) {
      const seen = lanes(shape, (f) => f[shape].relaxedLaneselect(1, 2, f[shape].const(-1)), true);
      expect(Number(seen?.[0])).toBe(1);
    }
  });
});

describe('functions and control', () => {
  it('loops, branches and calls', () => {
    const module = new ModuleBuilder();
    const log = module.importFunction('env', 'log', ['f64'], []);
    const base = module.importGlobal('env', 'base', 'f64');
    const count = module.global('i32', 0);
    module.export('count', count);
    // A call of a function that is defined later, and of itself.
    const factorial = module.declare('factorial', ['i32'], ['f64']);
    module.function(
      'run',
      { n: 'i32' },
      ['f64', 'i32'],
      (f, { n }) => {
        f.call(log, f.getGlobal(base));
        f.block((out) => {
          f.brIf(out, f.i32.eqz(n));
          f.loop((again) => {
            f.setGlobal(count, f.i32.add(f.getGlobal(count), 1));
            f.brIf(again, f.i32.ltS(f.getGlobal(count), n));
          });
        });
        return [f.call(factorial, n), f.select('i32', 7, 8, f.i32.gtS(n, 3))] as const;
      },
      { export: true },
    );
    module.define(factorial, { n: 'i32' }, (f, { n }) =>
      f.choose(
        'f64',
        f.i32.leS(n, 1),
        () => 1,
        () => f.f64.mul(f.f64.convertI32S(n), f.call(factorial, f.i32.sub(n, 1))),
      ),
    );
    const logged: number[] = [];
    const exports = instantiate(module, {
      env: {
        log: (x: number) => logged.push(x),
        base: new WebAssembly.Global({ value: 'f64', mutable: false }, 2.5),
      },
    });
    expect(exports.run!(5)).toEqual([120, 7]);
    expect(exports.run!(0)).toEqual([1, 8]);
    expect(logged).toEqual([2.5, 2.5]);
    expect((exports.count as unknown as WebAssembly.Global).value).toBe(5);
  });

  it('jumps by a table, returns early and stops', () => {
    const module = new ModuleBuilder();
    module.function(
      'run',
      { i: 'i32' },
      ['i32'],
      (f, { i }) => {
        f.block((outer) => {
          f.block((inner) => {
            f.brTable([inner], outer, i);
          });
          f.return(10);
        });
        f.if(
          f.i32.eq(i, 2),
          () => f.unreachable(),
          () => f.drop(f.i32.const(1)),
        );
        return 20;
      },
      { export: true },
    );
    const { run } = instantiate(module);
    expect([run!(0), run!(1)]).toEqual([10, 20]);
    expect(() => run!(2)).toThrow(WebAssembly.RuntimeError);
  });

  it('puts operands in order whichever way they were made', () => {
    const module = new ModuleBuilder();
    const three = module.function('three', { a: 'f64', b: 'f64', c: 'f64' }, ['f64'], (f, { a, b, c }) =>
      f.f64.sub(f.f64.sub(f.f64.mul(a, 100), f.f64.mul(b, 10)), c),
    );
    module.function(
      'run',
      { x: 'f64' },
      ['f64', 'f64', 'f64', 'f64'],
      (f, { x }) =>
        [
          f.f64.sub(x, f.f64.neg(2)),
          f.f64.fnma(x, f.f64.neg(x), f.f64.add(x, x)),
          f.call(three, 1, f.f64.add(x, 1), x),
          f.call(three, f.f64.add(x, 1), 1, f.f64.neg(x)),
        ] as const,
      { export: true },
    );
    expect(instantiate(module).run!(3)).toEqual([5, 15, 57, 393]);
  });

  it('reuses locals of a scope', () => {
    const module = new ModuleBuilder();
    module.function(
      'run',
      { x: 'f64' },
      ['f64'],
      (f, { x }) => {
        const total = f.local('f64');
        for (let i = 0; i < 100; i++) {
          f.scope(() => {
            const square = f.let(f.f64.mul(x, x));
            f.set(total, f.f64.add(total, f.f64.mul(square, square)));
          });
        }
        return total;
      },
      { export: true },
    );
    expect(module.build().length).toBeLessThan(2000);
    expect(instantiate(module).run!(2)).toBe(1600);
  });

  it('shares memory and waits on it', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
    const module = new ModuleBuilder();
    module.importMemory('env', 'memory', { min: 1, max: 2, shared: true });
    module.data(64, new Uint8Array([1, 2, 3]));
    module.function(
      'run',
      {},
      ['i32', 'i32', 'i32', 'i32'],
      (f) => {
        f.atomicStore32(0, 5);
        return [f.atomicAdd32(0, 3), f.atomicLoad32(0), f.atomicNotify(0, 1), f.atomicWait32(0, 1, -1n)] as const;
      },
      { export: true },
    );
    expect(instantiate(module, { env: { memory } }).run!()).toEqual([5, 8, 0, 1]);
    expect([...new Uint8Array(memory.buffer, 64, 3)]).toEqual([1, 2, 3]);
  });

  it('evaluates random expressions as JavaScript does', () => {
    type Tree = { op: 'add' | 'sub' | 'mul' | 'min'; a: Tree; b: Tree } | { x: number } | { keep: Tree };
    const tree = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        fc.record({ x: fc.integer({ min: -9, max: 9 }) }),
        fc.record({ keep: tie('tree') }),
        fc.record({ op: fc.constantFrom('add', 'sub', 'mul', 'min'), a: tie('tree'), b: tie('tree') }),
      ) as fc.Arbitrary<Tree>,
    })).tree;
    const js = {
      add: (a: number, b: number) => a + b,
      sub: (a: number, b: number) => a - b,
      mul: (a: number, b: number) => a * b,
      min: Math.min,
    };
    const run = (t: Tree): number => ('x' in t ? t.x : 'keep' in t ? run(t.keep) : js[t.op](run(t.a), run(t.b)));
    const emit = (f: FunctionBuilder, t: Tree): Operand<'f64'> => {
      if ('x' in t) return t.x;
      if ('keep' in t) {
        const kept = emit(f, t.keep);
        return typeof kept === 'number' ? kept : f.let(kept);
      }
      return f.f64[t.op](emit(f, t.a), emit(f, t.b));
    };
    fc.assert(
      fc.property(tree, (t) => {
        const module = new ModuleBuilder();
        module.function('run', {}, ['f64'], (f) => emit(f, t), { export: true });
        return instantiate(module).run!() === run(t);
      }),
      { numRuns: 200 },
    );
  });
});

describe('mistakes', () => {
  const build = (body: (f: FunctionBuilder) => unknown, results: readonly ValueType[] = []) => {
    new ModuleBuilder().function('f', {}, results, body as never);
  };

  it.each<[string, () => void, RegExp]>([
    [
      'a value used twice',
      () =>
        build((f) => {
          const x = f.f64.const(1);
          f.drop(f.f64.add(x, x));
        }),
      /used twice/,
    ],
    [
      'values out of order',
      () =>
        build((f) => {
          const x = f.f64.const(1);
          const y = f.f64.const(2);
          f.drop(f.f64.sub(y, x));
        }),
      /order/,
    ],
    ['a value of another type', () => build((f) => f.drop(f.f64.neg(f.f32.const(1) as never))), /f32 stands where f64/],
    ['a local of another type', () => build((f) => f.drop(f.f64.neg(f.local('i32') as never))), /i32 stands where f64/],
    [
      'a value left over',
      () =>
        build((f) => {
          f.f64.const(1);
        }),
      /left unused/,
    ],
    ['a missing result', () => build(() => undefined, ['f64']), /1 operands expected/],
    [
      'code after a jump',
      () =>
        build((f) =>
          f.block((label) => {
            f.br(label);
            f.local('i32');
            f.set(f.local('i32'), 1);
          }),
        ),
      /Unreachable/,
    ],
    [
      'a value taken from outside a block',
      () =>
        build((f) => {
          const x = f.f64.const(1);
          f.block(() => f.drop(x));
        }),
      /another block/,
    ],
    [
      'a label of a closed block',
      () =>
        build((f) => {
          let label: Parameters<typeof f.br>[0];
          f.block((inner) => {
            label = inner;
          });
          f.block(() => f.br(label));
        }),
      /not one of an enclosing/,
    ],
    [
      'a freed local',
      () =>
        build((f) => {
          const x = f.local('i32');
          f.free(x);
          f.set(x, 1);
        }),
      /after it was freed/,
    ],
    ['a lane that is not there', () => build((f) => f.drop(f.f64x2.extractLane(f.f64x2.const(1), 2))), /Lane 2/],
    ['a literal without lanes', () => build((f) => f.drop(f.v128.not(1 as never))), /needs lanes/],
    ['relaxed SIMD not asked for', () => build((f) => f.drop(f.f32x4.relaxedMin(1, 2))), /without relaxed/],
    [
      'wrong arguments',
      () => build((f) => f.call({ kind: 'function', index: 0, name: 'f', params: ['i32'], results: [] })),
      /1 operands expected/,
    ],
    [
      'a late import',
      () => {
        const module = new ModuleBuilder();
        module.function('f', {}, [], () => undefined);
        module.importFunction('env', 'g', [], []);
      },
      /Imports come before/,
    ],
    [
      'a declaration without a definition',
      () => {
        const module = new ModuleBuilder();
        module.declare('f', [], []);
        module.build();
      },
      /never defined/,
    ],
    ['a shared memory without a maximum', () => new ModuleBuilder().memory({ min: 1, shared: true }), /maximum/],
  ])('refuses %s', (_, make, message) => {
    expect(make).toThrow(AssemblyError);
    expect(make).toThrow(message);
  });
});

it('builds twenty thousand instructions in a few milliseconds', () => {
  const build = () => {
    const module = new ModuleBuilder();
    module.function('f', { x: 'f64', y: 'f64' }, ['f64'], (f, { x, y }) => {
      for (let i = 0; i < 2500; i++) f.set(x, f.f64.add(f.f64.mul(x, 1.5), f.f64.sub(f.get(y), x)));
      return x;
    });
    return module.build();
  };
  for (let i = 0; i < 5; i++) build();
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    build();
    return performance.now() - start;
  });
  // About 2 ms alone; the bound leaves room for busy machines.
  expect(Math.min(...times)).toBeLessThan(40);
});
