import { costOf } from './cost.ts';
import { expressionsOf } from './evaluator.ts';
import type { Expression, Expressions } from './expression.ts';
import { factored } from './factor.ts';
import { withReciprocals } from './reciprocal.ts';

/** Gives formulas of the same values, to within roundings, perhaps in fewer operations. */
export type Rewrite = (roots: readonly Expression[], make: Expressions) => readonly Expression[];

/** In additions: for less it is not worth it to round otherwise than the program says. */
const leastSaving = 4;
/** Larger programs are not searched: it would take longer than it saves. */
const mostExpressions = 4000;

/** Tried in turn, and kept where they pay. */
const rewrites: readonly Rewrite[] = [
  withReciprocals,
  (roots, make) => factored(roots, make, { shared: false }),
  (roots, make) => factored(roots, make, { shared: true }),
];

/**
 * Formulas of the same values in fewer operations, as far as that is only seen when all of them are known. A rounding or two
 * may differ, an overflow where a value comes within some factor of the largest number, and a NaN may be the infinity
 * that it hid.
 */
export function rewritten(roots: readonly Expression[], make: Expressions): readonly Expression[] {
  let best = roots;
  let cost = totalCost(best);
  for (const rewrite of rewrites) {
    if (make.count > mostExpressions) break;
    const tried = rewrite(best, make);
    if (tried.every((root, n) => root === best[n])) continue;
    const triedCost = totalCost(tried);
    if (triedCost > cost - leastSaving) continue;
    best = tried;
    cost = triedCost;
  }
  return best;
}

/** A negation mostly becomes a subtraction or another constant. */
function totalCost(roots: readonly Expression[]): number {
  let cost = 0;
  for (const expression of expressionsOf(roots)) {
    cost += expression.op === 'unary' && expression.f === 'neg' ? 0.5 : costOf(expression);
  }
  return cost;
}
