import { buildTableau } from './build-tableau.ts';
import type { Tableau } from './tableau.ts';

/**
 * Fehlberg's RKF4(5) in local extrapolation: the fifth-order solution is kept, six stages.
 */
export const fehlberg45: Tableau = /* @__PURE__ */ buildTableau({
  name: 'fehlberg45',
  order: 5,
  embeddedOrder: 4,
  c: ['0', '1/4', '3/8', '12/13', '1', '1/2'],
  a: [
    [],
    ['1/4'],
    ['3/32', '9/32'],
    ['1932/2197', '-7200/2197', '7296/2197'],
    ['439/216', '-8', '3680/513', '-845/4104'],
    ['-8/27', '2', '-3544/2565', '1859/4104', '-11/40'],
  ],
  b: ['16/135', '0', '6656/12825', '28561/56430', '-9/50', '2/55'],
  bError: ['1/360', '0', '-128/4275', '-2197/75240', '1/50', '2/55'],
  citation: {
    authors: 'Fehlberg',
    year: 1969,
    title:
      'Low-order classical Runge-Kutta formulas with stepsize control and their application to some heat transfer problems',
    where: 'NASA Technical Report R-315, Table III (RK4(5), formula 2)',
    url: 'https://ntrs.nasa.gov/citations/19690021375',
  },
});
