import { buildTableau } from './build-tableau.ts';
import type { Tableau } from './tableau.ts';

/**
 * The classical Runge-Kutta method: four stages, order 4.
 */
export const rk4: Tableau = /* @__PURE__ */ buildTableau({
  name: 'rk4',
  order: 4,
  c: ['0', '1/2', '1/2', '1'],
  a: [[], ['1/2'], ['0', '1/2'], ['0', '0', '1']],
  b: ['1/6', '1/3', '1/3', '1/6'],
  citation: {
    authors: 'Kutta',
    year: 1901,
    title: 'Beitrag zur näherungsweisen Integration totaler Differentialgleichungen',
    where: 'Z. Math. Phys. 46, 435-453; Hairer, Nørsett & Wanner I, Table II.1.2',
  },
});
