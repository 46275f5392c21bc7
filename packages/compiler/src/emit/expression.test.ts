import { describe, expect, it } from 'vitest';
import { expressionsOf } from './evaluator.ts';
import { type Expression, Expressions } from './expression.ts';

const operations = (roots: readonly Expression[]) =>
  expressionsOf(roots).flatMap((expression) => ('f' in expression ? [expression.f] : []));

describe('expressions are simplified while they are made', () => {
  const make = new Expressions('float64');
  const [x, y] = [make.leaf(0), make.leaf(1)];
  const number = (value: number) => make.constant(value);

  it('shares equal ones, whatever the order of a sum', () => {
    expect(make.binary('add', x, y)).toBe(make.binary('add', y, x));
    expect(make.binary('mul', make.binary('sub', x, y), y)).toBe(make.binary('mul', y, make.binary('sub', x, y)));
  });

  it('drops zeros and ones', () => {
    expect(make.binary('add', number(0), x)).toBe(x);
    expect(make.binary('mul', x, number(1))).toBe(x);
    expect(make.binary('mul', number(0), x)).toBe(number(0));
    expect(make.binary('sub', x, x)).toBe(number(0));
  });

  it('lets sums absorb negations', () => {
    const product = make.binary('mul', make.unary('neg', x), y);
    expect(make.binary('add', x, product)).toBe(make.binary('sub', x, make.binary('mul', x, y)));
    expect(make.binary('sub', y, x)).toBe(make.unary('neg', make.binary('sub', x, y)));
  });

  it('takes one division and one root for all half-integer powers of a number', () => {
    const powers = [-0.5, -1.5, -2.5].map((exponent) => make.binary('pow', x, number(exponent)));
    const used = operations(powers);
    expect(used.filter((f) => f === 'div')).toHaveLength(1);
    expect(used.filter((f) => f === 'sqrt')).toHaveLength(1);
    expect(used).not.toContain('pow');
  });

  it('draws signs out of products, constants too, so that x * -2 and x * 2 share one', () => {
    const product = make.binary('mul', x, number(2));
    expect(make.binary('mul', x, number(-2))).toBe(make.unary('neg', product));
    expect(make.binary('mul', make.unary('neg', x), number(-2))).toBe(product);
    expect(make.binary('add', y, make.binary('mul', x, number(-2)))).toBe(make.binary('sub', y, product));
    expect(make.binary('div', number(-3), x)).toBe(make.unary('neg', make.binary('div', number(3), x)));
  });

  it('rounds constants in the precision', () => {
    const single = new Expressions('float32');
    const third = single.binary('div', single.constant(1), single.constant(3));
    expect(third).toMatchObject({ op: 'constant', value: Math.fround(1 / 3) });
  });
});
