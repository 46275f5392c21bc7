import { expectTypeOf, it } from 'vitest';
import { defineTableau } from './define-tableau.ts';
import type { Coefficient, Tableau, TableauSpec } from './tableau.ts';

const citation = { authors: 'Runge', year: 1895, title: 'Midpoint rule' };

it('takes literals of the right lengths', () => {
  const midpoint = defineTableau({
    name: 'midpoint',
    order: 2,
    c: ['0', '1/2'],
    a: [[], ['1/2']],
    b: ['0', 1],
    citation,
  });
  expectTypeOf(midpoint).toEqualTypeOf<Tableau>();
  // Full rows, as implicit methods have them.
  defineTableau({
    name: 'midpoint',
    order: 2,
    c: [0, 0.5],
    a: [
      [0, 0],
      [0.5, 0],
    ],
    b: [0, 1],
    citation,
  });
});

it('takes arrays whose length only the run knows', () => {
  const numbers: number[] = [];
  const texts: readonly string[] = [];
  defineTableau({ name: 'loose', order: 2, c: numbers, a: [numbers, texts], b: texts, citation });
  const spec = {} as TableauSpec;
  defineTableau(spec);
  expectTypeOf<TableauSpec['b']>().toEqualTypeOf<readonly Coefficient[]>();
});

it('refuses a wrong number of weights', () => {
  // @ts-expect-error b has one entry too few
  defineTableau({ name: 'x', order: 2, c: ['0', '1/2'], a: [[], ['1/2']], b: ['1'], citation });
  // @ts-expect-error bError has one entry too many
  defineTableau({ name: 'x', order: 2, c: [0, 0.5], a: [[], [0.5]], b: [0, 1], bError: [0, 0, 0], citation });
});

it('refuses a row of the wrong length', () => {
  // @ts-expect-error row 1 has no entry
  defineTableau({ name: 'x', order: 2, c: ['0', '1/2'], a: [[], []], b: ['0', '1'], citation });
  // @ts-expect-error row 2 has one entry; an explicit row has 2, a full one 3
  defineTableau({ name: 'x', order: 2, c: [0, 0.5, 1], a: [[], [0.5], [1]], b: [0, 1, 0], citation });
  // @ts-expect-error a has one row too few
  defineTableau({ name: 'x', order: 2, c: ['0', '1/2'], a: [[]], b: ['0', '1'], citation });
});

it('requires a citation', () => {
  // @ts-expect-error no citation
  defineTableau({ name: 'x', order: 1, c: ['0'], a: [[]], b: ['1'] });
});
