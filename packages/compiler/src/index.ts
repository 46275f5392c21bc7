export { probeFeatures, type WasmFeatures } from '@neural-ode/assembler';
export {
  type Compile,
  type Compiled,
  type CompiledParameter,
  type CompiledParts,
  type CompileOptions,
  compile,
  type TensorField,
} from './compile.ts';
export { CompileError } from './trace/compile-error.ts';
