import { describe, expect, it } from 'vitest';
import { defineTableau } from './define-tableau.ts';
import { dopri5 } from './dopri5.ts';
import { rk4 } from './rk4.ts';
import type { TableauSpec } from './tableau.ts';
import { TableauError } from './tableau-error.ts';

const citation = { authors: 'Ralston', year: 1962, title: 'Runge-Kutta methods with minimum error bounds' };
const ralston3: TableauSpec = {
  name: 'ralston3',
  order: 3,
  c: ['0', '1/2', '3/4'],
  a: [[], ['1/2'], ['0', '3/4']],
  b: ['2/9', '1/3', '4/9'],
  citation,
};

function refusal(changes: Partial<TableauSpec>): TableauError {
  try {
    defineTableau({ ...ralston3, ...changes });
  } catch (error) {
    if (error instanceof TableauError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('defineTableau', () => {
  it('makes a tableau of a specification', () => {
    const tableau = defineTableau(ralston3);
    expect(tableau).toMatchObject({ name: 'ralston3', order: 3, stages: 3, explicit: true, fsal: false });
    expect(tableau.b).toEqual([2 / 9, 1 / 3, 4 / 9]);
    expect(tableau.dense).toMatchObject({ order: 3, kind: 'hermite', extra: { c: [1], a: [[2 / 9, 1 / 3, 4 / 9]] } });
    expect('bError' in tableau || 'errorOrder' in tableau).toBe(false);
  });

  it('takes doubles for rounded values', () => {
    const { c, a, b } = dopri5;
    expect(defineTableau({ name: 'mine', order: 5, c, a, b, citation }).order).toBe(5);
  });

  it('accepts more order than claimed', () => {
    expect(defineTableau({ ...ralston3, order: 2 }).dense.order).toBe(2);
  });

  it('keeps the entries below the diagonal when full rows are those of an explicit method', () => {
    const a = [
      ['0', '0', '0'],
      ['1/2', '0', '0'],
      ['0', '3/4', '0'],
    ];
    expect(defineTableau({ ...ralston3, a }).a).toEqual([[], [0.5], [0, 0.75]]);
  });

  it('accepts implicit methods: the Gauss method of order 4, whose dense output needs two extra stages', () => {
    const root = Math.sqrt(3) / 6;
    const gauss = defineTableau({
      name: 'gauss4',
      order: 4,
      c: [0.5 - root, 0.5 + root],
      a: [
        [0.25, 0.25 - root],
        [0.25 + root, 0.25],
      ],
      b: ['1/2', '1/2'],
      citation,
    });
    expect(gauss.explicit).toBe(false);
    expect(gauss.dense.extra).toEqual({
      c: [0, 1],
      a: [
        [0, 0],
        [0.5, 0.5, 0],
      ],
    });
  });

  it('refuses a mistyped weight by the first failing tree and its residual', () => {
    const error = refusal({ b: ['2/9', '1/3', '5/9'] });
    expect(error).toMatchObject({ code: 'order-condition', tableau: 'ralston3', row: 'b', residual: 1 / 9 });
    expect(String(error.tree)).toBe('τ');
    expect(error.message).toContain('ralston3: b fails the order condition of the tree τ by 0.1111');
  });

  it('says what the README shows', () => {
    expect(refusal({ b: ['2/9', '4/9', '1/3'] }).message).toBe(
      'ralston3: b fails the order condition of the tree [τ] by -0.027777777777777776, so its order is 1 instead of 3: ' +
        'a coefficient is likely mistyped; compare with the source, or claim order 1.',
    );
  });

  it('refuses a coefficient that only one tree of the highest order shows', () => {
    const { c, a, b } = rk4;
    const error = refusal({ order: 4, c, a: [...a.slice(0, 2), [0.1, 0.4], [0, 0, 1]], b });
    expect(error).toMatchObject({ code: 'order-condition', row: 'b' });
    expect(String(error.tree)).toBe('[[τ]]');
    expect(error.message).toContain('so its order is 2 instead of 4');
  });

  it('refuses a claim too high', () => {
    const error = refusal({ order: 4 });
    expect(error.tree?.order).toBe(4);
    expect(error.message).toContain('or claim order 3');
  });

  it('holds exact text to exactness, and doubles to round-off', () => {
    const off = 1e-15;
    expect(() => defineTableau({ ...ralston3, b: [2 / 9 + off, 1 / 3, 4 / 9 - off] })).not.toThrow();
    const error = refusal({ b: ['2/9', '1/3', '44444444444444/100000000000000'] });
    expect(error.code).toBe('order-condition');
  });

  it('refuses an embedded solution of lower order than claimed', () => {
    const error = refusal({ bError: ['1/9', '-1/9', '0'], embeddedOrder: 2 });
    expect(error).toMatchObject({ code: 'order-condition', row: 'b - bError' });
    expect(refusal({ bError: ['0', '0', '0'] })).toMatchObject({ code: 'order', row: 'embeddedOrder' });
  });

  it('refuses row sums other than c', () => {
    const error = refusal({ c: ['0', '1/2', '2/3'] });
    expect(error).toMatchObject({ code: 'row-sum', row: 'a[2]' });
    expect(error.residual).toBeCloseTo(1 / 12, 15);
  });

  it('refuses wrong lengths', () => {
    expect(refusal({ a: [[], ['1/2']] })).toMatchObject({ code: 'length', row: 'a' });
    expect(refusal({ a: [[], ['1/2'], ['3/4']] })).toMatchObject({ code: 'length', row: 'a[2]' });
    expect(refusal({ c: ['0', '1/2'] })).toMatchObject({ code: 'length', row: 'c' });
    expect(refusal({ bError: ['0'], embeddedOrder: 1 })).toMatchObject({ code: 'length', row: 'bError' });
    expect(refusal({ c: [], a: [], b: [] })).toMatchObject({ code: 'length', row: 'b' });
  });

  it('refuses entries that nobody reads', () => {
    const error = refusal({ bEmbedded: ['1', '0', '0'] } as Partial<TableauSpec>);
    expect(error).toMatchObject({ code: 'entry', tableau: 'ralston3', row: 'bEmbedded' });
  });

  it('refuses malformed coefficients by what was written', () => {
    const error = refusal({ b: ['2/9', '1,3', '4/9'] });
    expect(error).toMatchObject({ code: 'coefficient', tableau: 'ralston3', coefficient: '1,3' });
    expect(refusal({ b: [Number.NaN, 0, 1] }).code).toBe('coefficient');
  });

  it('refuses dense output that misses y1, or its order', () => {
    const weights = [
      ['1', '-4/3', '5/9'],
      ['0', '1', '-2/3'],
      ['0', '4/3', '-8/9'],
      ['0', '-1', '1'],
    ];
    const extra = { c: ['1'], a: [['2/9', '1/3', '4/9']] };
    expect(defineTableau({ ...ralston3, dense: { order: 3, extra, weights } }).dense.kind).toBe('published');
    const end = { order: 3, extra, weights: [['1', '-4/3', '6/9'], ...weights.slice(1)] };
    expect(refusal({ dense: end })).toMatchObject({ code: 'dense-end', row: 'dense.weights[0]' });
    const inside = { order: 3, extra, weights: [['1', '-1', '2/9'], ...weights.slice(1)] };
    expect(refusal({ dense: inside })).toMatchObject({ code: 'order-condition', row: 'dense.weights, theta^2' });
    const sum = { order: 3, extra: { ...extra, c: ['9/10'] }, weights };
    expect(refusal({ dense: sum })).toMatchObject({ code: 'row-sum', row: 'dense.extra.a[0]' });
    expect(refusal({ dense: { order: 3, extra, weights: weights.slice(1) } })).toMatchObject({ code: 'length' });
  });
});
