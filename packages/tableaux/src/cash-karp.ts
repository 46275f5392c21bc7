import { buildTableau } from './build-tableau.ts';
import type { Tableau } from './tableau.ts';

/**
 * Cash-Karp 5(4): six stages.
 */
export const cashKarp: Tableau = /* @__PURE__ */ buildTableau({
  name: 'cashKarp',
  order: 5,
  embeddedOrder: 4,
  c: ['0', '1/5', '3/10', '3/5', '1', '7/8'],
  a: [
    [],
    ['1/5'],
    ['3/40', '9/40'],
    ['3/10', '-9/10', '6/5'],
    ['-11/54', '5/2', '-70/27', '35/27'],
    ['1631/55296', '175/512', '575/13824', '44275/110592', '253/4096'],
  ],
  b: ['37/378', '0', '250/621', '125/594', '0', '512/1771'],
  bError: ['-277/64512', '0', '6925/370944', '-6925/202752', '-277/14336', '277/7084'],
  citation: {
    authors: 'Cash, Karp',
    year: 1990,
    title: 'A variable order Runge-Kutta method for initial value problems with rapidly varying right-hand sides',
    where: 'ACM Trans. Math. Softw. 16 (3), 201-222',
    doi: '10.1145/79505.79507',
  },
});
