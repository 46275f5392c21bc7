import { ModuleBuilder, probeFeatures } from '@neural-ode/assembler';
import type { TfjsMemory } from './tfjs-memory.ts';

/** The exports of a module that works on tfjs's memory. */
export function instantiate(
  { memory, shared }: TfjsMemory,
  emit: (module: ModuleBuilder) => void,
): WebAssembly.Exports {
  const module = new ModuleBuilder({ relaxedSimd: probeFeatures().relaxedSimd });
  module.importMemory('env', 'memory', shared ? { min: 1, max: 65_536, shared } : { min: 1 });
  emit(module);
  return new WebAssembly.Instance(new WebAssembly.Module(module.build()), { env: { memory } }).exports;
}
