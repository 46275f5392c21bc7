import { ModuleBuilder } from './module-builder.ts';

/** What this engine's WebAssembly can do. */
export interface WasmFeatures {
  /** 128-bit vectors: without them nothing that uses lanes runs. */
  readonly simd: boolean;
  /** Fused multiply-add and relaxed minimum, maximum, select. */
  readonly relaxedSimd: boolean;
  /** Shared memory and atomics; a page must also be cross-origin isolated to create one. */
  readonly threads: boolean;
}

let probed: WasmFeatures | undefined;

/** Asks the engine, once, by validating tiny modules; nothing is compiled or run. */
export function probeFeatures(): WasmFeatures {
  probed ??= {
    simd: accepts(false, (m) => {
      m.function('probe', {}, ['v128'], (f) => f.f32x4.splat(1));
    }),
    relaxedSimd: accepts(true, (m) => {
      m.function('probe', {}, ['v128'], (f) => f.f32x4.fma(1, 2, 3));
    }),
    threads: accepts(false, (m) => {
      m.memory({ min: 1, max: 1, shared: true });
      m.function('probe', {}, ['i32'], (f) => f.atomicLoad32(0));
    }),
  };
  return probed;
}

function accepts(relaxedSimd: boolean, build: (module: ModuleBuilder) => void): boolean {
  const module = new ModuleBuilder({ relaxedSimd });
  build(module);
  return WebAssembly.validate(module.build());
}
