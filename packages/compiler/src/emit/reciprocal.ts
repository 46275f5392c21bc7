import { expressionsOf } from './evaluator.ts';
import type { BinaryExpression, Expression, Expressions } from './expression.ts';

/**
 * Several divisions by one number become one reciprocal and products: a / d = a (1 / d), to within 1.5 ulp. Zeros,
 * infinities and NaN come out as they were, whichever of a and d they are; only a subnormal d, whose reciprocal
 * overflows, gives an infinity or, with a = 0, NaN.
 */
export function withReciprocals(roots: readonly Expression[], make: Expressions): readonly Expression[] {
  const order = expressionsOf(roots);
  const divisions = new Map<Expression, number>();
  const uses = new Map<Expression, number>();
  for (const expression of order) {
    for (const input of expression.inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
    if (isDivision(expression)) divisions.set(expression.inputs[1], (divisions.get(expression.inputs[1]) ?? 0) + 1);
  }
  const done = new Map<Expression, Expression>();
  for (const expression of order) {
    const again = make.again(expression, done);
    done.set(expression, again);
    if (isDivision(expression)) {
      const [a, b] = expression.inputs.map((input) => done.get(input)!);
      if (b!.op === 'constant' || divisions.get(expression.inputs[1])! === 1) continue;
      done.set(expression, make.binary('mul', a!, make.binary('div', make.constant(1), b!)));
    } else if (again.op === 'binary' && again.f === 'mul' && again.inputs[1].op === 'constant') {
      // A reciprocal that nothing else reads takes a constant factor up.
      const [division, factor] = again.inputs;
      const lone = expression.inputs[0] && uses.get(expression.inputs[0]) === 1 && isDivision(expression.inputs[0]);
      if (lone && isDivision(division) && divisions.get((expression.inputs[0] as BinaryExpression).inputs[1]) === 1) {
        const [one, divisor] = division.inputs;
        if (one.op === 'constant' && one.value === 1) done.set(expression, make.binary('div', factor, divisor));
      }
    }
  }
  return roots.map((root) => done.get(root)!);
}

function isDivision(expression: Expression): expression is BinaryExpression {
  return expression.op === 'binary' && expression.f === 'div';
}
