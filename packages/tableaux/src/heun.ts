import { buildTableau } from './build-tableau.ts';
import type { Tableau } from './tableau.ts';

/**
 * Heun's second-order method, the explicit trapezoidal rule: two stages, order 2.
 */
export const heun: Tableau = /* @__PURE__ */ buildTableau({
  name: 'heun',
  order: 2,
  c: ['0', '1'],
  a: [[], ['1']],
  b: ['1/2', '1/2'],
  citation: {
    authors: 'Heun',
    year: 1900,
    title: 'Neue Methoden zur approximativen Integration der Differentialgleichungen einer unabhängigen Veränderlichen',
    where: 'Z. Math. Phys. 45, 23-38',
  },
});
