import { buildTableau } from './build-tableau.ts';
import type { Tableau } from './tableau.ts';

/**
 * Explicit midpoint rule (Runge): two stages, order 2.
 */
export const midpoint: Tableau = /* @__PURE__ */ buildTableau({
  name: 'midpoint',
  order: 2,
  c: ['0', '1/2'],
  a: [[], ['1/2']],
  b: ['0', '1'],
  citation: {
    authors: 'Runge',
    year: 1895,
    title: 'Über die numerische Auflösung von Differentialgleichungen',
    where: 'Math. Ann. 46, 167-178',
    doi: '10.1007/BF01446807',
  },
});
