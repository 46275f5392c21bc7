import { stubSolver } from '@neural-ode/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { RegistryError, register, registered, resolve, type Solver, solve } from './index.ts';

declare module './index.ts' {
  interface SolverRegistry {
    testDopri: true;
    testTsit: true;
  }
}

const names = ['testDopri', 'testTsit'] as const;
const key = Symbol.for('neural-ode/registry');

describe('registry', () => {
  beforeEach(() => {
    // A registry of its own for each test.
    (globalThis as { [key]?: unknown })[key] = undefined;
  });

  test('resolves a name, and a value to itself', () => {
    const solver = stubSolver();
    register('solver', 'testDopri', solver);
    expect(resolve('solver', 'testDopri')).toBe(solver);
    const other = stubSolver();
    expect(resolve('solver', other)).toBe(other);
  });

  test('takes the same object again, and that of the same owner, whose first stays', () => {
    const [first, second] = [stubSolver(), stubSolver()];
    register('solver', 'testDopri', first, 'package');
    register('solver', 'testDopri', first);
    register('solver', 'testDopri', second, 'package');
    expect(resolve('solver', 'testDopri')).toBe(first);
  });

  test.each([
    [undefined, undefined],
    ['package', undefined],
    ['package', 'other'],
    [undefined, 'other'],
  ])('refuses another object under a taken name (owners %s and %s)', (owner, other) => {
    register('solver', 'testDopri', stubSolver(), owner);
    expect(() => register('solver', 'testDopri', stubSolver(), other)).toThrow(RegistryError);
    expect(() => register('solver', 'testDopri', stubSolver(), other)).toThrow(
      `'testDopri' is taken by ${owner ?? 'another object'}`,
    );
  });

  test('names what was likely meant', () => {
    for (const name of names) register('solver', name, stubSolver());
    const unknown = (name: string) => () => resolve('solver', name as 'testDopri');
    expect(unknown('testdopri')).toThrow("did you mean 'testDopri'");
    expect(unknown('testTist')).toThrow("did you mean 'testTsit'");
    expect(unknown('qqqqqqqqqqqqqqq')).toThrow('Registered: ');
  });

  test('keeps kinds apart and lists names in order', () => {
    register('solver', 'testTsit', stubSolver());
    register('solver', 'testDopri', stubSolver());
    expect(registered('solver')).toEqual(['testDopri', 'testTsit']);
    expect(registered('gradient')).toEqual([]);
  });

  test('serves solves', () => {
    const solver: Solver = stubSolver();
    register('solver', 'testDopri', solver);
    const { ys } = solve({ f: (t) => [t], y0: [0], t0: 0, t1: 1 }, { solver: 'testDopri', stepSize: 0.5 });
    expect(ys).toEqual([Float64Array.of(1)]);
  });
});
