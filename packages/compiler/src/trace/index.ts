export { CompileError } from './compile-error.ts';
export { meantDouble, meantDoubles } from './decimals.ts';
export type { TracedParameter } from './parameters.ts';
export { supports, type Trace, type TraceOptions, trace } from './trace.ts';
