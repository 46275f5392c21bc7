import type { FunctionBuilder, Local, Value } from '@neural-ode/assembler';
import { Evaluator, type Load } from './evaluator.ts';
import type { Expression, Expressions } from './expression.ts';
import { pack, type Run } from './pack.ts';
import { rewritten } from './rewrite.ts';
import { addressOf, type Base, type Target } from './target.ts';
import { widen } from './wide.ts';

/** Formulas to be written as straight code. */
export interface Formulas {
  readonly make: Expressions;
  /** The results, in runs: of one that is stored, each lies in memory behind the one before. */
  readonly runs: readonly Run[];
  readonly load: Load;
  /** Whether one leaf lies in memory right behind another. */
  readonly adjacent: (leaf: number, next: number) => boolean;
}

/**
 * Writes the code of formulas, simplified over all of them and packed into vectors where that pays.
 *
 * @param sink takes the value of each result, by `take`, at most once; where `wide`, that of the next one with it
 */
export function emitFormulas(
  target: Target,
  f: FunctionBuilder,
  { make, runs, load, adjacent }: Formulas,
  sink: (index: number, wide: boolean, take: () => Value) => void,
): void {
  const { element, math } = target;
  const results = rewritten(runs.flat(), make);
  const stored = widen(results, pack(inRuns(results, runs), adjacent));
  const roots = stored.map(({ expression }) => expression);
  new Evaluator(f, element.type, load, math).run(roots, (index, take) => {
    const { at, expression } = stored[index]!;
    sink(at, expression.wide === true, take);
  });
}

function inRuns(results: readonly Expression[], runs: readonly Run[]): readonly Run[] {
  let end = 0;
  return runs.map(({ length }) => {
    end += length;
    return results.slice(end - length, end);
  });
}

/** Memory as formulas read and write it: single numbers, or two neighbours in a vector, the first two lanes of float32. */
export interface Access {
  load(pointer: Local<'i32'> | 0, offset: number, how: Parameters<Load>[1]): Value;
  /** A double as a number of the element's type. */
  double(value: Value<'f64'>, how: Parameters<Load>[1]): Value;
  /** @param take gives the value; called when the address is on the stack */
  store(base: Base, offset: number, wide: boolean, take: () => Value, add?: boolean): void;
}

export function accessOf({ element }: Target, f: FunctionBuilder): Access {
  const scalar = f[element.type];
  const vectors = f[element.vector];
  const loadPair = (pointer: Local<'i32'> | 0, offset: number) =>
    element.lanes === 2 ? vectors.load(pointer, offset) : f.v128.load64Zero(pointer, offset);
  return {
    load(pointer, offset, how) {
      if (how === 'one') return scalar.load(pointer, offset);
      return how === 'splat' ? vectors.loadSplat(pointer, offset) : loadPair(pointer, offset);
    },
    double(value, how) {
      const number = element.type === 'f32' ? f.f32.demoteF64(value) : value;
      return how === 'splat' ? vectors.splat(number as never) : number;
    },
    store(base, offset, wide, take, add = false) {
      // A pointer before the value, as the store wants them.
      const pointer = base.pointer ? f.get(base.pointer) : f.i32.const(0);
      if (wide) {
        const value = add ? vectors.add(loadPair(addressOf(base), offset), take() as never) : (take() as Value<'v128'>);
        if (element.lanes === 2) vectors.store(pointer, value, offset);
        else f.v128.store64Lane(pointer, value, 0, offset);
      } else {
        const value = add ? scalar.add(scalar.load(addressOf(base), offset) as never, take() as never) : take();
        scalar.store(pointer, value as never, offset);
      }
    },
  };
}
