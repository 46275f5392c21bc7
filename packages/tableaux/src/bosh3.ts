import { buildTableau } from './build-tableau.ts';
import type { Tableau } from './tableau.ts';

/**
 * Bogacki-Shampine 3(2), 4 stages, first same as last; its published dense output is the cubic
 * Hermite interpolant.
 */
export const bosh3: Tableau = /* @__PURE__ */ buildTableau({
  name: 'bosh3',
  order: 3,
  embeddedOrder: 2,
  c: ['0', '1/2', '3/4', '1'],
  a: [[], ['1/2'], ['0', '3/4'], ['2/9', '1/3', '4/9']],
  b: ['2/9', '1/3', '4/9', '0'],
  bError: ['-5/72', '1/12', '1/9', '-1/8'],
  citation: {
    authors: 'Bogacki, Shampine',
    year: 1989,
    title: 'A 3(2) pair of Runge-Kutta formulas',
    where: 'Appl. Math. Lett. 2 (4), 321-325',
    doi: '10.1016/0893-9659(89)90079-7',
  },
});
