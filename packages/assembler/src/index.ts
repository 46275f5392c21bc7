export { probeFeatures, type WasmFeatures } from './features.ts';
export { FunctionBuilder } from './function-builder.ts';
export { type FunctionOptions, type MemoryLimits, ModuleBuilder, type ModuleOptions } from './module-builder.ts';
export type { Label } from './operand-stack.ts';
export {
  type AnyOperand,
  AssemblyError,
  type FunctionRef,
  type GlobalRef,
  type Lanes,
  Local,
  type MemoryRef,
  type Operand,
  type Results,
  type Shape,
  Value,
  type ValueType,
  type WideLanes,
} from './values.ts';
