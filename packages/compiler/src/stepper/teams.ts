import type { SampleSizes } from '@neural-ode/core';
import type { Tableau } from '@neural-ode/tableaux';
import type { ThreadPool } from '../threads/pool.ts';
import { Machine } from './machine.ts';
import { buildModule, type Exports, type FieldCode, mostSharedPages, pagesOf } from './module.ts';
import { stepPlan } from './plan.ts';
import type { Team } from './threaded-stepper.ts';

/** What the machines of a field's teams compute. */
export interface Parts {
  /** The field of each thread's part of the batch; where samples have steps of their own, that of one sample. */
  readonly codes: readonly FieldCode[];
  readonly sizes: SampleSizes;
  /** How many samples each part has; absent where samples have steps of their own. */
  readonly counts?: readonly number[];
}

/** The teams of one field, each made when it is first needed: one for every tableau. */
export class Teams {
  readonly pool: ThreadPool;
  readonly #parts: Parts;
  readonly #byTableau = new WeakMap<Tableau, Team>();

  constructor(pool: ThreadPool, parts: Parts) {
    this.pool = pool;
    this.#parts = parts;
  }

  of(tableau: Tableau): Team {
    let team = this.#byTableau.get(tableau);
    if (!team) {
      team = this.#make(tableau);
      this.#byTableau.set(tableau, team);
    }
    return team;
  }

  #make(tableau: Tableau): Team {
    const { pool } = this;
    const { codes, sizes, counts } = this.#parts;
    const plan = stepPlan(tableau);
    const wholeSize = counts && codes.reduce((sum, { size }) => sum + size, 0);
    // Parts of as many samples share a module.
    const built = new Map<FieldCode, ReturnType<typeof buildModule> & { readonly module: WebAssembly.Module }>();
    const parts = codes.map((code) => {
      let part = built.get(code);
      if (!part) {
        const made = buildModule(code, plan, { wholeSize });
        part = { ...made, module: new WebAssembly.Module(made.bytes) };
        built.set(code, part);
      }
      const memory = new WebAssembly.Memory({ initial: pagesOf(part.end), maximum: mostSharedPages, shared: true });
      return { ...part, memory };
    });
    const modules = parts.map(({ module }) => module);
    const memories = parts.map(({ memory }) => memory);
    const made = pool.make(modules, memories);
    const machines = parts.map(({ module, memory, layout, end }, n) => {
      const imports = { env: { pow: Math.pow, sum: pool.sum, memory } };
      // Other threads' functions are called by the pool.
      const functions = n === 0 ? new WebAssembly.Instance(module, imports).exports : {};
      return new Machine({ exports: { ...functions, memory } as unknown as Exports, layout, end }, plan);
    });
    return { pool, made, machines, sizes, counts };
  }
}
