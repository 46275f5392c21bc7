import * as tableaux from '@neural-ode/tableaux';
import { describeSolver } from '@neural-ode/testing';
import { explicitRungeKutta } from './index.ts';

const all = Object.values(tableaux).filter((entry) => typeof entry === 'object' && 'stages' in entry);

for (const tableau of all) {
  const { stages, dense, fsal, b } = tableau;
  describeSolver(tableau.name, explicitRungeKutta(tableau), {
    denseOrder: dense.order,
    evaluationsPerStep: stages - 1,
    firstSameAsLast: fsal,
    // Weights that nearly cancel magnify the round-off of the stages.
    roundOff: b.reduce((sum, weight) => sum + Math.abs(weight), 0),
  });
}
