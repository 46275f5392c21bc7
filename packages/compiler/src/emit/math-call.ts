import type { FunctionBuilder, ModuleBuilder, Value } from '@neural-ode/assembler';
import { type MathName, mathFunction, mathInline } from '@neural-ode/assembler/math';
import type { Lanes } from './precision.ts';

/** Writes a function of the mathematical library on operands on the stack. */
export type MathCall = (f: FunctionBuilder, name: MathName, lanes: Lanes, ...operands: readonly Value[]) => Value;

/** Long code, which a call costs little next to. */
const long: ReadonlySet<MathName> = new Set(['pow', 'atan2', 'sin', 'cos', 'erf', 'mod']);

/** The library in a module: vectors in place, since they stand in loops, single numbers and long functions by calls. */
export function mathCall(module: ModuleBuilder): MathCall {
  return (f, name, lanes, ...operands) => {
    const inPlace = (lanes === 'f32x4' || lanes === 'f64x2') && !long.has(name);
    if (inPlace) return mathInline(module, f, name, lanes, ...operands);
    return f.call(mathFunction(module, name, lanes), ...operands) as unknown as Value;
  };
}
