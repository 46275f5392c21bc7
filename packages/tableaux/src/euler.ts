import { buildTableau } from './build-tableau.ts';
import type { Tableau } from './tableau.ts';

/**
 * Explicit Euler: one stage, order 1.
 */
export const euler: Tableau = /* @__PURE__ */ buildTableau({
  name: 'euler',
  order: 1,
  c: ['0'],
  a: [[]],
  b: ['1'],
  citation: {
    authors: 'Euler',
    year: 1768,
    title: 'Institutionum calculi integralis, volumen primum',
    where: 'Section II, chapter VII',
  },
});
