import { expect, it } from 'vitest';
import { ModuleBuilder } from './module-builder.ts';

it('builds y += a x over an imported memory', () => {
  const module = new ModuleBuilder();
  module.importMemory('env', 'memory', { min: 1 });
  module.function(
    'axpy',
    { x: 'i32', y: 'i32', end: 'i32', a: 'f64' },
    [],
    (f, { x, y, end, a }) => {
      const scale = f.let(f.f64x2.splat(a));
      f.loop((again) => {
        f.f64x2.store(y, f.f64x2.fma(scale, f.f64x2.load(x), f.f64x2.load(y)));
        f.set(y, f.i32.add(y, 16));
        f.brIf(again, f.i32.ltU(f.tee(x, f.i32.add(x, 16)), end));
      });
    },
    { export: true },
  );
  const memory = new WebAssembly.Memory({ initial: 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.build()), { env: { memory } });
  const axpy = instance.exports.axpy as (x: number, y: number, end: number, a: number) => void;
  const numbers = new Float64Array(memory.buffer);
  numbers.set([1, 2, 3, 4, 10, 20, 30, 40]);
  axpy(0, 32, 32, 0.5);
  expect([...numbers.subarray(4, 8)]).toEqual([10.5, 21, 31.5, 42]);
});
