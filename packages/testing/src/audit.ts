import type { Field, Space } from '@neural-ode/core';

/** Watches who owns which state. */
export interface Audit<Y> {
  /** The space watched: a released state handed to it again throws. */
  readonly space: Space<Y>;
  /** The field with what it returns counted as living. */
  field(field: Field<Y, Y>): Field<Y, Y>;
  /** How many states were made and not yet released. */
  living(): number;
}

/** An audit of a space whose states are objects; for tests of ownership. */
export function audit<Y extends object>(space: Space<Y>): Audit<Y> {
  const living = new Set<Y>();
  const dead = new WeakSet<Y>();
  const born = (y: Y): Y => {
    living.add(y);
    return y;
  };
  const used = <A extends readonly unknown[]>(...args: A): A => {
    for (const arg of args.flat()) {
      if (typeof arg === 'object' && arg !== null && dead.has(arg as Y)) throw new Error('A released state was used.');
    }
    return args;
  };
  const watched: Space<Y> = {
    combine: (...args) => born(space.combine(...used(...args))),
    zeros: (...args) => born(space.zeros(...used(...args))),
    dot: (...args) => space.dot(...used(...args)),
    norm: (...args) => space.norm(...used(...args)),
    errorNorm: (...args) => space.errorNorm(...used(...args)),
    errorNormVjp(...args) {
      const back = space.errorNormVjp(...used(...args));
      for (const y of [back.error, back.y0, back.y1]) born(y);
      return back;
    },
    size: (...args) => space.size(...used(...args)),
    release(y) {
      if (!living.delete(y)) return;
      dead.add(y);
      space.release(y);
    },
  };
  return {
    space: watched,
    field: (field) => ({
      parameters: field.parameters,
      parameterSpace: watched,
      evaluate: (...args) => born(field.evaluate(...used(...args))),
      vjp(...args) {
        const back = field.vjp(...used(...args));
        born(back.y);
        born(back.parameters);
        return back;
      },
    }),
    living: () => living.size,
  };
}
