import { buildTableau } from './build-tableau.ts';
import type { Tableau } from './tableau.ts';

/**
 * Kutta's 3/8 rule: four stages, order 4, smaller error constants than rk4.
 */
export const rk38: Tableau = /* @__PURE__ */ buildTableau({
  name: 'rk38',
  order: 4,
  c: ['0', '1/3', '2/3', '1'],
  a: [[], ['1/3'], ['-1/3', '1'], ['1', '-1', '1']],
  b: ['1/8', '3/8', '3/8', '1/8'],
  citation: {
    authors: 'Kutta',
    year: 1901,
    title: 'Beitrag zur näherungsweisen Integration totaler Differentialgleichungen',
    where: 'Z. Math. Phys. 46, 435-453; Hairer, Nørsett & Wanner I, Table II.1.2',
  },
});
