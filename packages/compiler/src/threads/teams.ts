import type { SampleSizes } from '@neural-ode/core';
import type { Tableau } from '@neural-ode/tableaux';
import type { CompiledStepper } from '../stepper/compiled-stepper.ts';
import type { Home } from '../stepper/home.ts';
import { compileModule, instantiate } from '../stepper/instantiate.ts';
import { Machine } from '../stepper/machine.ts';
import type { Exports, FieldCode } from '../stepper/module.ts';
import { mostSharedPages } from '../stepper/parts.ts';
import { stepPlan } from '../stepper/plan.ts';
import type { ThreadPool } from './pool.ts';
import { type Team, ThreadedStepper } from './threaded-stepper.ts';

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

  /** @param own what a stepper in this thread alone is made of */
  stepper(tableau: Tableau, ...own: ConstructorParameters<typeof CompiledStepper>): CompiledStepper {
    return new ThreadedStepper(...own, this.#of(tableau));
  }

  #of(tableau: Tableau): Team {
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
    const number = pool.newTeam();
    const machines = codes.map((code, rank) => new Machine(code, plan, homeOf(pool, number, rank, wholeSize)));
    return { pool, number, machines, sizes, counts };
  }
}

/** The thread of a rank: the first is this one; code in the others is called by the pool only. */
function homeOf(pool: ThreadPool, team: number, rank: number, wholeSize: number | undefined): Home {
  return {
    shared: { wholeSize },
    newMemory: (initial) => new WebAssembly.Memory({ initial, maximum: mostSharedPages, shared: true }),
    run(bytes, memory, others) {
      const parts = others as unknown as WebAssembly.ModuleImports;
      if (rank === 0) return instantiate(bytes, { env: { memory, pow: Math.pow, sum: pool.sum }, parts });
      const module = compileModule(bytes);
      // What it imports of other parts must be there before it.
      for (const { module: from, name } of WebAssembly.Module.imports(module)) if (from === 'parts') void parts[name];
      pool.make(rank, { team, module, memory });
      return {} as Exports;
    },
  };
}
