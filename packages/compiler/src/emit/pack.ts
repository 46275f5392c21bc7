import { costOf } from './cost.ts';
import { expressionsOf } from './evaluator.ts';
import { commutative, type Expression } from './expression.ts';

/** Two formulas of the same form, computed at once as the two lanes of a vector. */
export interface Pack {
  readonly lanes: Lanes;
  /** What the lanes' operations read, lane by lane. */
  readonly operands: readonly Lanes[];
}

type Lanes = readonly [Expression, Expression];

/** The packs of some formulas, by both lanes; and which results are stored two at a time, by the first one's number. */
export interface Packing {
  readonly packs: ReadonlyMap<Expression, Pack>;
  readonly stores: ReadonlySet<number>;
}

const nothing: Packing = { packs: new Map(), stores: new Set() };

/** Results in memory: `run[n + 1]` lies behind `run[n]`. */
export type Run = readonly Expression[];

/** To bring two numbers into one vector. */
const gatherCost = 2;
/** All packs together must save so much: vectors delay what waits for one of their lanes. */
const leastGain = 3;
/** Trees of packs are tried down to these depths: what lies deeper may not be worth it. */
const depths = [64, 4, 2, 1];
/** Lanes in a tree at most, so that the search stays short in large programs. */
const largestTree = 400;

/**
 * Finds pairs of formulas to be computed as vectors (superword-level parallelism: Larsen and Amarasinghe 2000,
 * doi:10.1145/349299.349320). It starts from neighbouring results and from expensive functions, follows operands down and
 * users up, and keeps what saves more operations than bringing numbers into vectors and out of them costs. Only formulas
 * of the same height are paired, so no pair can depend on itself through another one.
 */
export function pack(runs: readonly Run[], adjacent: (leaf: number, next: number) => boolean): Packing {
  return new Packer(runs, adjacent).packing();
}

class Packer {
  readonly #adjacent: (leaf: number, next: number) => boolean;
  readonly #results: readonly Expression[];
  readonly #starts: readonly number[];
  readonly #all: readonly Expression[];
  readonly #height = new Map<Expression, number>();
  readonly #users = new Map<Expression, Expression[]>();
  /** At which numbers a formula is a result. */
  readonly #places = new Map<Expression, number[]>();
  readonly #packs = new Map<Expression, Pack>();
  readonly #stores = new Set<number>();
  readonly #splats = new Set<Expression>();
  #saved = 0;

  constructor(runs: readonly Run[], adjacent: (leaf: number, next: number) => boolean) {
    this.#adjacent = adjacent;
    this.#results = runs.flat();
    let place = 0;
    this.#starts = runs.flatMap((run) => {
      const first = place;
      place += run.length;
      return run.slice(1).map((_, n) => first + n);
    });
    this.#results.forEach((result, n) => {
      listOf(this.#places, result).push(n);
    });
    this.#all = expressionsOf(this.#results);
    for (const expression of this.#all) {
      let height = 0;
      for (const input of expression.inputs) {
        height = Math.max(height, this.#height.get(input)! + 1);
        listOf(this.#users, input).push(expression);
      }
      this.#height.set(expression, height);
    }
  }

  packing(): Packing {
    this.#tryExpensive();
    this.#storeInPairs();
    this.#tryReductions();
    return this.#saved < leastGain ? nothing : { packs: this.#packs, stores: this.#stores };
  }

  #lanesAt(start: number): Lanes {
    return [this.#results[start]!, this.#results[start + 1]!];
  }

  /** The best pairs of neighbours first: what they need as vectors makes the others cheaper. */
  #storeInPairs(): void {
    const ranked = this.#starts
      .map((start) => ({ start, gain: this.#best(this.#lanesAt(start), start).gain }))
      .sort((a, b) => b.gain - a.gain);
    for (const { start } of ranked) {
      if ([start - 1, start, start + 1].some((n) => this.#stores.has(n))) continue;
      const { gain, tree } = this.#best(this.#lanesAt(start), start);
      if (gain === 0) continue;
      this.#stores.add(start);
      this.#saved += gain;
      this.#commit(tree);
    }
  }

  #tryExpensive(): void {
    const waiting = new Map<string, Expression>();
    for (const expression of this.#all) {
      if (costOf(expression) <= 1 || this.#packs.has(expression)) continue;
      const key = `${(expression as { f: string }).f} ${this.#height.get(expression)}`;
      const other = waiting.get(key);
      if (other && this.#try([other, expression])) waiting.delete(key);
      else waiting.set(key, expression);
    }
  }

  /** Sums and products of two formulas of one form. */
  #tryReductions(): void {
    for (const { op, inputs } of this.#all) {
      if (op === 'binary' && !this.#packs.has(inputs[0]) && !this.#packs.has(inputs[1])) this.#try(inputs);
    }
  }

  #try(lanes: Lanes): boolean {
    const { gain, tree } = this.#best(lanes);
    if (gain === 0) return false;
    this.#saved += gain;
    this.#commit(tree);
    return true;
  }

  /** Takes the packs, then looks for users of both lanes that are of one form. */
  #commit(tree: ReadonlyMap<Expression, Pack>): void {
    const added = new Set(tree.values());
    for (const [lane, one] of tree) this.#packs.set(lane, one);
    for (const { operands } of added) for (const [a, b] of operands) if (a === b) this.#splats.add(a);
    for (const { lanes } of added) {
      for (const user of this.#users.get(lanes[0]) ?? []) {
        if (this.#packs.has(user)) continue;
        for (const other of this.#users.get(lanes[1]) ?? []) {
          if (other !== user && !this.#packs.has(other) && !this.#packs.has(user)) this.#try([user, other]);
        }
      }
    }
  }

  /** The packs below two formulas, as deep as they go or else as it saves anything; a gain of 0 where it does not. */
  #best(lanes: Lanes, start?: number): { gain: number; tree: ReadonlyMap<Expression, Pack> } {
    let size = Number.POSITIVE_INFINITY;
    for (const depth of this.#mayPack(...lanes) ? depths : []) {
      const tree = new Map<Expression, Pack>();
      this.#grow(lanes, depth, tree);
      if (tree.size === size) continue;
      size = tree.size;
      const gain = this.#gain(tree, lanes, start);
      if (gain > 0) return { gain, tree };
    }
    return { gain: 0, tree: new Map() };
  }

  #grow([a, b]: Lanes, depth: number, tree: Map<Expression, Pack>): void {
    if (depth === 0 || tree.size >= largestTree || !this.#mayPack(a, b) || tree.has(a) || tree.has(b)) return;
    const operands = this.#operands(a, b);
    const one = { lanes: [a, b], operands } as const;
    tree.set(a, one).set(b, one);
    for (const pair of operands) this.#grow(pair, depth - 1, tree);
  }

  #mayPack(a: Expression, b: Expression): boolean {
    if (a === b || a.op !== b.op || a.op === 'constant' || this.#packs.has(a) || this.#packs.has(b)) return false;
    if (a.op === 'leaf') return this.#adjacent(a.leaf, (b as typeof a).leaf);
    if (this.#height.get(a) !== this.#height.get(b)) return false;
    return a.op === 'select' || (a as { f?: string }).f === (b as { f?: string }).f;
  }

  /** The operands in pairs, those of sums and products in the order that suits better. */
  #operands(a: Expression, b: Expression): readonly Lanes[] {
    const [a0, a1] = a.inputs;
    const [b0, b1] = b.inputs;
    if (a.op === 'binary' && commutative.has(a.f)) {
      const straight = this.#likeness(a0!, b0!) + this.#likeness(a1!, b1!);
      const crossed = this.#likeness(a0!, b1!) + this.#likeness(a1!, b0!);
      if (crossed > straight) return [[a0!, b1!] as const, [a1!, b0!] as const];
    }
    return a.inputs.map((input, n) => [input, b.inputs[n]!] as const);
  }

  #likeness(a: Expression, b: Expression): number {
    if (a === b || (a.op === 'constant' && b.op === 'constant')) return 2;
    const packed = this.#packs.get(a);
    if (packed) return packed.lanes[0] === a && packed.lanes[1] === b ? 4 : 0;
    if (!this.#mayPack(a, b)) return 0;
    return a.op === 'leaf' ? 3 : 1;
  }

  /** What a tree saves, in additions. */
  #gain(tree: ReadonlyMap<Expression, Pack>, roots: Lanes, start: number | undefined): number {
    const packOf = (lane: Expression) => tree.get(lane) ?? this.#packs.get(lane);
    const paired = ([a, b]: Lanes) => packOf(a)?.lanes[0] === a && packOf(a)?.lanes[1] === b;
    const isLane = (lane: Expression) => lane.op !== 'leaf' && packOf(lane) !== undefined;
    const splats = new Set<Expression>();
    const vectorCost = (pair: Lanes): number => {
      const [a, b] = pair;
      if (paired(pair) || (a.op === 'constant' && b.op === 'constant')) return 0;
      if (a !== b) return (a.op === 'leaf' && b.op === 'leaf') || (isLane(a) && isLane(b)) ? 1 : gatherCost;
      if (a.op === 'leaf' || splats.has(a) || this.#splats.has(a)) return 0;
      splats.add(a);
      return 1;
    };
    let gain = start === undefined ? 0 : 1 - vectorCost(roots);
    const asVector =
      ([a, b]: Lanes) =>
      (user: Expression) =>
        packOf(user)?.operands.some((pair) => pair[0] === a && pair[1] === b);
    const isStored = (place: number) => [place, place - 1].some((n) => this.#stores.has(n) || n === start);
    for (const { lanes, operands } of new Set(tree.values())) {
      if (lanes[0].op === 'leaf') {
        gain += 0.5;
        continue;
      }
      gain += costOf(lanes[0]);
      for (const pair of operands) {
        gain -= vectorCost(pair);
        // What was taken out of a vector for these users stays in it.
        if (pair[0] !== pair[1] && pair[0].op !== 'leaf' && !tree.has(pair[0]) && paired(pair)) gain += 0.5;
      }
      const inVector = asVector(lanes);
      for (const [side, lane] of lanes.entries()) {
        const vectors = (this.#users.get(lane) ?? []).every(inVector) && (this.#places.get(lane) ?? []).every(isStored);
        if (!vectors) gain -= side === 0 ? 0.25 : 1;
      }
    }
    return gain;
  }
}

function listOf<T>(lists: Map<Expression, T[]>, key: Expression): T[] {
  let list = lists.get(key);
  if (!list) {
    list = [];
    lists.set(key, list);
  }
  return list;
}
