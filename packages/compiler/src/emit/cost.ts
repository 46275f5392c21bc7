import type { Expression } from './expression.ts';

/** What a formula's own operation costs, in additions. */
export function costOf(expression: Expression): number {
  if (structural.has(expression.op)) return 1;
  if (expression.op !== 'unary' && expression.op !== 'binary') return 0;
  return functionCost(expression.f);
}

/** What a function of one number, or of one vector, costs. */
export function functionCost(f: string): number {
  if (simple.has(f)) return 1;
  return f === 'div' || f === 'sqrt' ? 4 : 40;
}

const simple: ReadonlySet<string> = new Set(
  'neg abs floor ceil round trunc add sub mul max min equal notEqual less lessEqual'.split(' '),
);
const structural: ReadonlySet<Expression['op']> = new Set(['select', 'splat', 'pair', 'pick', 'lane']);
