import type { FunctionBuilder, ModuleBuilder, Value } from '@neural-ode/assembler';
import {
  atan,
  atan2,
  cos,
  erf,
  exp,
  expm1,
  log,
  log1p,
  MathLibrary,
  mod,
  pow,
  sigmoid,
  sin,
  softplus,
  tanh,
} from '@neural-ode/assembler/math';
import type { UnaryFunction } from '../graph/graph.ts';
import type { Lanes } from './precision.ts';

type UnaryName = Exclude<UnaryFunction, 'neg' | 'abs' | 'sqrt' | 'floor' | 'ceil' | 'round' | 'trunc'>;
type BinaryName = 'pow' | 'atan2' | 'mod';

const library: MathLibrary<UnaryName, BinaryName> = /* @__PURE__ */ new MathLibrary(
  { exp, expm1, log, log1p, sin, cos, atan, tanh, sigmoid, softplus, erf },
  { pow, atan2, mod },
);

/** Writes a function of the mathematical library on operands on the stack. */
export type MathCall = (
  f: FunctionBuilder,
  name: UnaryName | BinaryName,
  lanes: Lanes,
  ...operands: readonly Value[]
) => Value;

/** Long code, which a call costs little next to. */
const long: ReadonlySet<UnaryName | BinaryName> = new Set(['pow', 'atan2', 'sin', 'cos', 'erf', 'mod']);

/** The library in a module: vectors in place, since they stand in loops, single numbers and long functions by calls. */
export function mathCall(module: ModuleBuilder): MathCall {
  const calls = mathCalls(module);
  return (f, name, lanes, ...operands) => {
    const inPlace = (lanes === 'f32x4' || lanes === 'f64x2') && !long.has(name);
    return inPlace ? library.inline(module, f, name, lanes, ...operands) : calls(f, name, lanes, ...operands);
  };
}

/** The library by calls alone, for code that stands in many places. */
export function mathCalls(module: ModuleBuilder): MathCall {
  return (f, name, lanes, ...operands) =>
    f.call(library.function(module, name, lanes), ...operands) as unknown as Value;
}
