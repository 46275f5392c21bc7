import { type ErrorNorm, type Field, InvalidInputError, type Solver, type Space, type Stepper } from '@neural-ode/core';
import type { Tableau } from '@neural-ode/tableaux';
import { RungeKuttaStepper } from './runge-kutta-stepper.ts';

/** An explicit Runge-Kutta method. */
export interface ExplicitRungeKutta extends Solver {
  readonly tableau: Tableau;
}

/**
 * The solver of any explicit tableau, built in or defined by `defineTableau`.
 *
 * @throws InvalidInputError when a stage of the tableau needs itself or a later one
 */
export function explicitRungeKutta(tableau: Tableau): ExplicitRungeKutta {
  if (!tableau.explicit) {
    throw new InvalidInputError(
      'tableau',
      `${tableau.name} is implicit: its stages need later ones, so take a solver for implicit tableaux.`,
    );
  }
  const { name, order, errorOrder } = tableau;
  return {
    tableau,
    name,
    order,
    ...(errorOrder === undefined ? {} : { errorOrder }),
    bind<Y, P>(field: Field<Y, P>, space: Space<Y>, norm?: ErrorNorm<Y>): Stepper<Y, P> {
      return new RungeKuttaStepper(tableau, field, space, norm);
    },
  };
}
