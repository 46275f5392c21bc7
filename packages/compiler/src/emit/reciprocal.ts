import { expressionsOf } from './evaluator.ts';
import type { BinaryExpression, Expression, Expressions } from './expression.ts';

/** So many divisions run as one, of a vector, which rounds as the program says. */
const divisionsAtOnce = 2;

/**
 * Many divisions by one number become one reciprocal and products: a / d = a (1 / d), to within 1.5 ulp. Zeros,
 * infinities and NaN come out as they were, whichever of a and d they are; only a subnormal d, whose reciprocal
 * overflows, gives an infinity or, with a = 0, NaN.
 */
export function withReciprocals(roots: readonly Expression[], make: Expressions): readonly Expression[] {
  const order = expressionsOf(roots);
  const uses = new Map<Expression, number>();
  const divisions = new Map<Expression, number>();
  for (const { inputs } of [{ inputs: roots }, ...order]) for (const input of inputs) count(uses, input);
  for (const expression of order) if (isDivision(expression)) count(divisions, expression.inputs[1]);
  const isLone = (division: Expression | undefined) =>
    division && isDivision(division) && uses.get(division) === 1 && divisions.get(division.inputs[1]) === 1;

  const done = new Map<Expression, Expression>();
  for (const expression of order) {
    const [a, b] = expression.inputs.map((input) => done.get(input)!);
    let result: Expression | undefined;
    if (isDivision(expression)) {
      const several = b!.op !== 'constant' && divisions.get(expression.inputs[1])! > divisionsAtOnce;
      if (several) result = make.binary('mul', a!, make.binary('div', make.constant(1), b!));
    } else if (isProduct(expression) && b!.op === 'constant' && isLone(expression.inputs[0]) && isDivision(a!)) {
      // (1 / d) c = c / d, where nothing else reads the reciprocal.
      const [numerator, d] = a.inputs;
      if (numerator.op === 'constant' && numerator.value === 1) result = make.binary('div', b!, d);
    }
    done.set(expression, result ?? make.again(expression, done));
  }
  return roots.map((root) => done.get(root)!);
}

function count(counts: Map<Expression, number>, expression: Expression): void {
  counts.set(expression, (counts.get(expression) ?? 0) + 1);
}

function isDivision(expression: Expression): expression is BinaryExpression {
  return expression.op === 'binary' && expression.f === 'div';
}

function isProduct(expression: Expression): boolean {
  return expression.op === 'binary' && expression.f === 'mul';
}
