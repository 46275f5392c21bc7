import type { Reading, Space } from '@neural-ode/core';

/** The same space whose norms must be waited for, as those of a state on a GPU. */
export function deferredSpace<Y>(space: Space<Y>): Space<Y> {
  const defer = (reading: Reading): Reading => {
    if (typeof reading !== 'number') return reading;
    return { sync: () => reading, async: () => Promise.resolve(reading) };
  };
  return {
    ...space,
    norm: (y) => defer(space.norm(y)),
    errorNorm: (...args) => defer(space.errorNorm(...args)),
  };
}
