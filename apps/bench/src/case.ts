import type { Entry, Places } from './entry.ts';

/** A problem with its implementations. */
export interface Case {
  readonly name: string;
  readonly title: string;
  /** How far a result may be from the reference, relative to its norm: what the solve's tolerances allow. */
  readonly closeness: number;
  /** Of how the reference was found. */
  reference(places: Places): ArrayLike<number> | Promise<ArrayLike<number>>;
  entries(places: Places): Entry[];
}
