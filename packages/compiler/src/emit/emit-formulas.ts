import type { FunctionBuilder, Value } from '@neural-ode/assembler';
import { Evaluator, type Load } from './evaluator.ts';
import type { Expression, Expressions } from './expression.ts';
import { type Packing, pack, type Run } from './pack.ts';
import { rewritten } from './rewrite.ts';
import type { Target } from './target.ts';
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
  const stored = widen(results, element.lanes === 2 ? pack(inRuns(results, runs), adjacent) : nothing);
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

const nothing: Packing = { packs: new Map(), stores: new Set() };
