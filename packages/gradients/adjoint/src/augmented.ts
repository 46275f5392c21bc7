import {
  type ErrorNorm,
  errorNorm,
  type Field,
  InvalidInputError,
  mapReadings,
  type Reading,
  type Space,
  type Tolerance,
} from '@neural-ode/core';

/** The state of the reverse solve: the trajectory y, its adjoint a, and the parameters' gradient g so far. */
export interface Augmented<Y, P> {
  readonly y: Y;
  readonly a: Y;
  readonly g: P;
}

/** The product of the spaces of y, a and g. */
export function augmentedSpace<Y, P>(space: Space<Y>, parameters: Space<P>): Space<Augmented<Y, P>> {
  type Z = Augmented<Y, P>;
  const size = ({ y, a, g }: Z) => space.size(y) + space.size(a) + parameters.size(g);
  return {
    combine: (base, coefficients, terms) => ({
      y: space.combine(
        base === null ? null : base.y,
        coefficients,
        terms.map((z) => z.y),
      ),
      a: space.combine(
        base === null ? null : base.a,
        coefficients,
        terms.map((z) => z.a),
      ),
      g: parameters.combine(
        base === null ? null : base.g,
        coefficients,
        terms.map((z) => z.g),
      ),
    }),
    zeros: ({ y, a, g }) => ({ y: space.zeros(y), a: space.zeros(a), g: parameters.zeros(g) }),
    dot: (p, q) => space.dot(p.y, q.y) + space.dot(p.a, q.a) + parameters.dot(p.g, q.g),
    norm: ({ y, a, g }) =>
      pooled([
        [space.norm(y), space.size(y)],
        [space.norm(a), space.size(a)],
        [parameters.norm(g), parameters.size(g)],
      ]),
    errorNorm: (e, p, q, tolerance) => augmentedNorm(space, parameters, tolerance).value(e, p, q),
    errorNormVjp: () => notDifferentiable(),
    size,
    release({ y, a, g }) {
      space.release(y);
      space.release(a);
      parameters.release(g);
    },
  };
}

/**
 * The error norm of the reverse solve.
 *
 * @param parameters their space, to have g's error count too; without it the norm is the seminorm over y and a (Kidger,
 *   Chen & Lyons 2021, "Hey, that's not an ODE", ICML, arXiv:2009.09457), since nothing in the reverse solve depends on g
 */
export function augmentedNorm<Y, P>(
  space: Space<Y>,
  parameters: Space<P> | undefined,
  tolerance: Tolerance<unknown>,
): ErrorNorm<Augmented<Y, P>> {
  const states = errorNorm(space, tolerance as Tolerance<Y>);
  return {
    value: (e, p, q) =>
      pooled([
        [states.value(e.y, p.y, q.y), space.size(e.y)],
        [states.value(e.a, p.a, q.a), space.size(e.a)],
        ...(parameters
          ? [[parameters.errorNorm(e.g, p.g, q.g, tolerance as Tolerance<P>), parameters.size(e.g)] as const]
          : []),
      ]),
    vjp: () => notDifferentiable(),
  };
}

/** The field of the reverse solve: y' = f, a' = -a . df/dy, g' = -a . df/dp. */
export function augmentedField<Y, P>(field: Field<Y, P>, space: Space<Y>): Field<Augmented<Y, P>, null> {
  const { parameterSpace } = field;
  return {
    parameters: null,
    parameterSpace: augmentedSpace(space, parameterSpace) as unknown as Space<null>,
    evaluate(t, { y, a }) {
      const slope = field.evaluate(t, y);
      const back = field.vjp(t, y, a, false);
      const negative = {
        y: slope,
        a: space.combine(null, [-1], [back.y]),
        g: parameterSpace.combine(null, [-1], [back.parameters]),
      };
      space.release(back.y);
      parameterSpace.release(back.parameters);
      return negative;
    },
    vjp: () => notDifferentiable(),
  };
}

/** The root mean square over parts, from that of each part and its size. */
function pooled(parts: readonly (readonly [Reading, number])[]): Reading {
  const total = parts.reduce((sum, [, n]) => sum + n, 0);
  return mapReadings(
    parts.map(([reading]) => reading),
    (norms) =>
      total === 0 ? 0 : Math.sqrt(norms.reduce((sum, r, i) => sum + r * r * (parts[i]?.[1] ?? 0), 0) / total),
  );
}

function notDifferentiable(): never {
  throw new InvalidInputError(
    'gradient',
    'The reverse solve of the adjoint method has no gradient of its own: take aca for higher derivatives.',
  );
}
