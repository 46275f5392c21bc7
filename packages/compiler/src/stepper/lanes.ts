import type { FunctionBuilder, Local, Operand, Value } from '@neural-ode/assembler';
import type { Layout } from './layout.ts';

/** Where a state lies while code is emitted: at a fixed offset, from a pointer if there is one. */
export interface Place {
  readonly base?: Local<'i32'> | undefined;
  readonly offset: number;
}

/** A term of a linear combination: a coefficient in every lane, and a state. */
export interface Term {
  readonly coefficient: Local<'v128'>;
  readonly state: Place;
}

/** Emits arithmetic on whole states, as vectors of the precision's type. */
export class StateCode {
  readonly f: FunctionBuilder;
  readonly layout: Layout;

  constructor(f: FunctionBuilder, layout: Layout) {
    this.f = f;
    this.layout = layout;
  }

  /** Vector instructions of the precision. */
  get lanes(): FunctionBuilder['f64x2'] | FunctionBuilder['f32x4'] {
    return this.layout.precision === 'float64' ? this.f.f64x2 : this.f.f32x4;
  }

  /** A double in every lane. */
  splat(value: Operand<'f64'>): Local<'v128'> {
    const { f, layout } = this;
    return f.let(layout.precision === 'float64' ? f.f64x2.splat(value) : f.f32x4.splat(f.f32.demoteF64(value)));
  }

  /** The address of a place. */
  address({ base, offset }: Place): Value<'i32'> | Local<'i32'> | number {
    if (!base) return offset;
    return offset === 0 ? base : this.f.i32.add(base, offset);
  }

  /** h times the entries of a row that are not zero, each with the state that it weighs. */
  terms(h: Local<'f64'>, row: readonly number[], state: (i: number) => Place): Term[] {
    return row.flatMap((value, i) =>
      value === 0 ? [] : [{ coefficient: this.splat(this.f.f64.mul(h, value)), state: state(i) }],
    );
  }

  /** out = base + sum of the terms, in their order. */
  combine(out: Place, base: Place | undefined, terms: readonly Term[]): void {
    this.each(terms.length + 1, (load, store) => {
      store(out, this.sum(load, base, terms));
    });
  }

  /** base + sum of the terms, of one vector. */
  sum(load: Load, base: Place | undefined, terms: readonly Term[]): Local<'v128'> {
    const { f, lanes } = this;
    const [first, ...rest] = terms;
    let sum: Local<'v128'>;
    if (base) sum = f.let(load(base));
    else if (first) sum = f.let(lanes.mul(first.coefficient, load(first.state)));
    else sum = f.let(lanes.const(0));
    for (const { coefficient, state } of base ? terms : rest) {
      f.set(sum, lanes.fma(coefficient, load(state), sum));
    }
    return sum;
  }

  /**
   * Emits `body` for every vector of a state: unrolled for few, else as a loop over four at a time.
   *
   * @param weight about how many instructions `body` is, to decide by
   */
  each(weight: number, body: (load: Load, store: Store) => void): void {
    const { f, layout } = this;
    const narrow = layout.size <= largestNarrow;
    const double = layout.precision === 'float64';
    const bytes = narrow ? layout.width : 16;
    const count = narrow ? layout.size : layout.stride / 16;
    const at = (index: Local<'i32'> | undefined, shift: number) => {
      const pointer = ({ base }: Place): Operand<'i32'> => {
        if (!index) return base ?? 0;
        return base ? f.i32.add(base, index) : index;
      };
      body(
        (place) => {
          const from = pointer(place);
          if (!narrow) return f.v128.load(from, place.offset + shift);
          return double ? f.v128.load64Zero(from, place.offset + shift) : f.v128.load32Zero(from, place.offset + shift);
        },
        (place, value) => {
          const to = pointer(place);
          if (!narrow) f.v128.store(to, value, place.offset + shift);
          else if (double) f.v128.store64Lane(to, value, 0, place.offset + shift);
          else f.v128.store32Lane(to, value, 0, place.offset + shift);
        },
      );
    };
    const unrolled = (from: number, to: number, index?: Local<'i32'>) => {
      for (let n = from; n < to; n++) f.scope(() => at(index, bytes * n));
    };
    if (narrow || count <= 4 || count * weight <= largestUnrolled) {
      unrolled(0, count);
      return;
    }
    const chunks = Math.floor(count / 4);
    const index = f.local('i32');
    f.set(index, 0);
    f.loop((again) => {
      unrolled(0, 4, index);
      f.set(index, f.i32.add(index, 64));
      f.brIf(again, f.i32.ltU(index, chunks * 64));
    });
    unrolled(4 * chunks, count);
    f.free(index);
  }

  /** Emits `body` for every component, whose value is read as a double. */
  eachComponent(
    body: (load: (place: Place) => Local<'f64'>, store: (place: Place, v: Operand<'f64'>) => void) => void,
  ): void {
    const { f, layout } = this;
    const double = layout.precision === 'float64';
    const index = f.local('i32');
    f.set(index, 0);
    const pointer = ({ base }: Place) => (base ? f.i32.add(base, index) : index);
    f.loop((again) => {
      f.scope(() => {
        body(
          (place) =>
            f.let(
              double
                ? f.f64.load(pointer(place), place.offset)
                : f.f64.promoteF32(f.f32.load(pointer(place), place.offset)),
            ),
          (place, value) => {
            const kept = f.local('f64');
            f.set(kept, value);
            if (double) f.f64.store(pointer(place), kept, place.offset);
            else f.f32.store(pointer(place), f.f32.demoteF64(kept), place.offset);
          },
        );
      });
      f.set(index, f.i32.add(index, layout.width));
      f.brIf(again, f.i32.ltU(index, layout.size * layout.width));
    });
    f.free(index);
  }

  /** Adds the squares (or the products with another vector) of a vector's lanes to two doubles. */
  addProducts(sum: Local<'v128'>, a: Local<'v128'>, b: Local<'v128'>): void {
    const { f } = this;
    if (this.layout.precision === 'float64') {
      f.set(sum, f.f64x2.fma(a, b, sum));
      return;
    }
    for (const half of [0, 1]) {
      const wide = (v: Local<'v128'>) =>
        f.let(f.f64x2.promoteLowF32x4(half === 0 ? v : f.f32x4.pick(v, v, [2, 3, 2, 3])));
      f.scope(() => {
        const left = wide(a);
        const right = a === b ? left : wide(b);
        f.set(sum, f.f64x2.fma(left, right, sum));
      });
    }
  }

  /** The sum of both lanes. */
  total(sum: Local<'v128'>): Value<'f64'> {
    const { f } = this;
    return f.f64.add(f.f64x2.extractLane(sum, 0), f.f64x2.extractLane(sum, 1));
  }
}

/** Reads one vector of a state. */
export type Load = (place: Place) => Value<'v128'>;
/** Writes one. */
export type Store = (place: Place, value: Local<'v128'>) => void;

/** Up to about so many instructions a loop over a state is unrolled. */
const largestUnrolled = 256;

/**
 * States of up to so many components are handled one by one: the field writes them so, and reading two at once what was
 * just written one by one stalls the processor.
 */
const largestNarrow = 8;
