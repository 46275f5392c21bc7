import { buildTableau } from './build-tableau.ts';
import type { Tableau } from './tableau.ts';

/**
 * Shu and Osher's strong-stability-preserving method: three stages, order 3, CFL coefficient 1.
 */
export const ssprk3: Tableau = /* @__PURE__ */ buildTableau({
  name: 'ssprk3',
  order: 3,
  c: ['0', '1', '1/2'],
  a: [[], ['1'], ['1/4', '1/4']],
  b: ['1/6', '1/6', '2/3'],
  citation: {
    authors: 'Shu, Osher',
    year: 1988,
    title: 'Efficient implementation of essentially non-oscillatory shock-capturing schemes',
    where: 'J. Comput. Phys. 77 (2), 439-471, eq. (2.18)',
    doi: '10.1016/0021-9991(88)90177-5',
  },
});
