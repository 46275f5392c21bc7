import type { Controller } from './controller.ts';
import { RegistryError } from './errors.ts';
import type { Gradient } from './gradient.ts';
import { nearest } from './nearest.ts';
import type { Solver } from './solver.ts';

/** Names of registered solvers. A package adds its own by interface merging. */
export interface SolverRegistry {}
/** Names of registered gradient strategies, likewise. */
export interface GradientRegistry {}
/** Names of registered step-size controllers, likewise. */
export interface ControllerRegistry {
  i: true;
  pi: true;
  pid: true;
}
/** Names of registered tfjs backends, likewise. */
export interface BackendRegistry {}

/** What can be registered under a name. The value type of `backend` belongs to the package that starts them. */
export interface RegistryKinds {
  solver: Solver;
  gradient: Gradient;
  controller: Controller;
  backend: object;
}
/** The names known for each kind. */
export interface RegistryNames {
  solver: keyof SolverRegistry & string;
  gradient: keyof GradientRegistry & string;
  controller: keyof ControllerRegistry & string;
  backend: keyof BackendRegistry & string;
}
export type Kind = keyof RegistryKinds;

/** A solver, strategy or controller: by value, or by registered name. */
export type ByValueOrName<K extends Kind> = RegistryKinds[K] | RegistryNames[K];

interface Entry {
  readonly value: unknown;
  readonly owner: string | undefined;
}

const key: unique symbol = Symbol.for('neural-ode/registry') as typeof key;

/** The map lies on globalThis, so that two installs of the packages share it. */
function entries(kind: Kind): Map<string, Entry> {
  const home = globalThis as { [key]?: Map<string, Map<string, Entry>> };
  home[key] ??= new Map();
  let map = home[key].get(kind);
  if (!map) {
    map = new Map();
    home[key].set(kind, map);
  }
  return map;
}

/**
 * Registers `value` under `name`. The same object again, or the same owner's from a second install of its package,
 * changes nothing.
 *
 * @param owner who registers: the package's name. Default: only the same object counts as the same
 * @throws RegistryError when the name belongs to something else
 */
export function register<K extends Kind>(
  kind: K,
  name: RegistryNames[K],
  value: RegistryKinds[K],
  owner?: string,
): void {
  const map = entries(kind);
  const known = map.get(name);
  if (!known) map.set(name, { value, owner });
  else if (known.value !== value && (owner === undefined || known.owner !== owner)) {
    throw new RegistryError(
      `The ${kind} name '${name}' is taken by ${known.owner ?? 'another object'}: register yours under a name of its own.`,
    );
  }
}

/** What stands for `valueOrName`: itself, or what is registered under that name. */
export function resolve<K extends Kind>(kind: K, valueOrName: ByValueOrName<K>): RegistryKinds[K] {
  if (typeof valueOrName !== 'string') return valueOrName as RegistryKinds[K];
  const map = entries(kind);
  const entry = map.get(valueOrName);
  if (entry) return entry.value as RegistryKinds[K];
  const names = registered(kind);
  const near = nearest(valueOrName, names).map((name) => `'${name}'`);
  const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : `pass the ${kind} itself, or register it.`;
  throw new RegistryError(
    `No ${kind} is registered as '${valueOrName}': ${hint} Registered: ${names.join(', ') || 'none; import a register entry'}.`,
  );
}

/** All registered names of a kind, sorted. */
export function registered(kind: Kind): string[] {
  return [...entries(kind).keys()].sort();
}
