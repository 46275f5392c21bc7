import { buildTableau } from './build-tableau.ts';
import type { Tableau } from './tableau.ts';

/**
 * Ralston's second-order method: two stages, the smallest bound on the local error.
 */
export const ralston: Tableau = /* @__PURE__ */ buildTableau({
  name: 'ralston',
  order: 2,
  c: ['0', '2/3'],
  a: [[], ['2/3']],
  b: ['1/4', '3/4'],
  citation: {
    authors: 'Ralston',
    year: 1962,
    title: 'Runge-Kutta methods with minimum error bounds',
    where: 'Math. Comp. 16, 431-437',
    doi: '10.1090/S0025-5718-1962-0150954-0',
  },
});
