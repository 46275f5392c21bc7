import { buildTableau } from './build-tableau.ts';
import type { Tableau } from './tableau.ts';

/**
 * Heun-Euler 2(1): Heun's method with Euler's as the embedded one; two stages.
 */
export const heunEuler: Tableau = /* @__PURE__ */ buildTableau({
  name: 'heunEuler',
  order: 2,
  embeddedOrder: 1,
  c: ['0', '1'],
  a: [[], ['1']],
  b: ['1/2', '1/2'],
  bError: ['-1/2', '1/2'],
  citation: {
    authors: 'Hairer, Nørsett, Wanner',
    year: 1993,
    title: 'Solving Ordinary Differential Equations I: Nonstiff Problems, 2nd ed.',
    where: 'Section II.4; Heun’s method with Euler’s embedded',
    doi: '10.1007/978-3-540-78862-1',
  },
});
