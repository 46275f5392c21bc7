import type { Expression } from './expression.ts';
import type { Packing } from './pack.ts';

/** What is stored: one result, or, where the formula is `wide`, two neighbours, from result number `at` on. */
export interface Stored {
  readonly at: number;
  readonly expression: Expression;
}

/** The results, numbered through all runs, in formulas whose packs have become vectors. */
export function widen(results: readonly Expression[], { packs, stores }: Packing): readonly Stored[] {
  const wides = new Map<Expression, Map<Expression, Expression>>();
  const narrows = new Map<Expression, Expression>();
  let count = 0;
  const numbered = (expression: object) => ({ ...expression, id: count++ }) as Expression;

  const wide = (a: Expression, b: Expression): Expression => {
    let known = wides.get(a);
    if (!known) {
      known = new Map();
      wides.set(a, known);
    }
    let made = known.get(b);
    if (!made) {
      const one = packs.get(a);
      const other = packs.get(b);
      if (one && one.lanes[0] === a && one.lanes[1] === b) {
        const load = a.op === 'leaf' ? { load: 'neighbours' } : {};
        made = numbered({ ...a, ...load, wide: true, inputs: one.operands.map((pair) => wide(...pair)) });
      } else if (a.op === 'constant' && a === b) {
        made = numbered({ ...a, wide: true });
      } else if (one && a.op !== 'leaf' && other && b.op !== 'leaf') {
        const lanes = [one.lanes.indexOf(a), other.lanes.indexOf(b)];
        made = numbered({ op: 'pick', lanes, wide: true, inputs: [wide(...one.lanes), wide(...other.lanes)] });
      } else if (a === b) {
        made = numbered(
          a.op === 'leaf' ? { ...a, load: 'splat', wide: true } : { op: 'splat', wide: true, inputs: [narrow(a)] },
        );
      } else {
        made = numbered({ op: 'pair', wide: true, inputs: [narrow(a), narrow(b)] });
      }
      known.set(b, made);
    }
    return made;
  };

  const narrow = (expression: Expression): Expression => {
    let made = narrows.get(expression);
    if (!made) {
      const one = packs.get(expression);
      if (one && expression.op !== 'leaf') {
        made = numbered({ op: 'lane', lane: one.lanes.indexOf(expression), inputs: [wide(...one.lanes)] });
      } else {
        made = numbered({ ...expression, inputs: expression.inputs.map(narrow) });
      }
      narrows.set(expression, made);
    }
    return made;
  };

  return results.flatMap((result, at) => {
    if (stores.has(at - 1)) return [];
    return { at, expression: stores.has(at) ? wide(result, results[at + 1]!) : narrow(result) };
  });
}
