import { buildTableau } from './build-tableau.ts';
import type { Tableau } from './tableau.ts';

/**
 * Fehlberg's RKF1(2) in local extrapolation: the second-order solution is kept, three stages.
 */
export const fehlberg21: Tableau = /* @__PURE__ */ buildTableau({
  name: 'fehlberg21',
  order: 2,
  embeddedOrder: 1,
  c: ['0', '1/2', '1'],
  a: [[], ['1/2'], ['1/256', '255/256']],
  b: ['1/512', '255/256', '1/512'],
  bError: ['-1/512', '0', '1/512'],
  citation: {
    authors: 'Fehlberg',
    year: 1969,
    title:
      'Low-order classical Runge-Kutta formulas with stepsize control and their application to some heat transfer problems',
    where: 'NASA Technical Report R-315, RK1(2)',
    url: 'https://ntrs.nasa.gov/citations/19690021375',
  },
});
