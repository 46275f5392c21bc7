import type { FunctionBuilder, Local, Value } from '@neural-ode/assembler';
import { arithmeticOf } from './evaluator.ts';
import type { Element, Lanes } from './precision.ts';
import { emitRepeat } from './repeat.ts';
import type { Walk } from './view.ts';

interface Cursor {
  readonly local: Local<'i32'>;
  readonly strides: readonly number[];
}

interface Place {
  readonly cursor: Cursor;
  /** Bytes behind the cursor. */
  readonly offset: number;
}

/**
 * Loops over views that are walked together. Views of the same strides share one cursor, a local that advances by bytes;
 * what tells them apart are the offsets in the instructions.
 */
export class Nest {
  readonly #f: FunctionBuilder;
  readonly #element: Element;
  readonly #walk: Walk;
  readonly #cursors: Cursor[] = [];
  readonly #places: Place[];

  constructor(f: FunctionBuilder, element: Element, walk: Walk) {
    this.#f = f;
    this.#element = element;
    this.#walk = walk;
    const known = new Map<string, Cursor>();
    this.#places = walk.views.map(({ base, offset, strides }) => {
      // A cursor below its start would, as an address is unsigned, lie at the other end of memory.
      const backwards = strides.some((stride) => stride < 0);
      const bytes = base.address + offset * element.size;
      const key = `${base.pointer?.index ?? ''} ${strides} ${backwards ? bytes : ''}`;
      let cursor = known.get(key);
      if (!cursor) {
        const local = f.local('i32');
        if (backwards) f.set(local, base.pointer ? f.i32.add(base.pointer, bytes) : bytes);
        else f.set(local, base.pointer ?? 0);
        cursor = { local, strides };
        known.set(key, cursor);
        this.#cursors.push(cursor);
      }
      return { cursor, offset: backwards ? 0 : bytes };
    });
  }

  /** Gives back the cursors' locals. */
  end(): void {
    this.#f.free(...this.#cursors.map(({ local }) => local));
  }

  /** The address of a view's current element. */
  address(view: number): Value<'i32'> {
    const { cursor, offset } = this.#places[view]!;
    return offset === 0 ? this.#f.get(cursor.local) : this.#f.i32.add(cursor.local, offset);
  }

  /** Runs the body for every index along the axes from `first` up to `end`, one at a time. */
  loops(first: number, end: number, body: () => void): void {
    if (first === end) body();
    else this.#loop(first, this.#walk.lengths[first]!, () => this.loops(first + 1, end, body));
  }

  #loop(axis: number, count: number, body: () => void): void {
    const f = this.#f;
    if (count === 0) return;
    if (count === 1) {
      body();
      return;
    }
    emitRepeat(f, count, () => {
      body();
      this.#advance(axis, 1);
    });
    this.#advance(axis, -count);
  }

  /**
   * Runs the body along one axis by vectors. What is left over is done one by one or, where elements may be done twice, by a
   * last vector that overlaps the one before.
   */
  vectors(
    axis: number,
    mayRepeat: boolean,
    body: (lanes: Lanes) => void,
    length: number = this.#walk.lengths[axis]!,
  ): void {
    const f = this.#f;
    const { lanes, vector, type } = this.#element;
    const full = Math.floor(length / lanes);
    const rest = length % lanes;
    const overlaps = mayRepeat && full > 0 && rest > 0;
    const count = full + (overlaps ? 1 : 0);
    let moved = 0;
    if (count === 1) {
      body(vector);
      if (rest > 0) {
        this.#advance(axis, lanes);
        moved = lanes;
      }
    } else if (count > 1) {
      const left = f.local('i32');
      f.set(left, count);
      f.loop((again) => {
        body(vector);
        this.#advance(axis, lanes);
        f.set(left, f.i32.sub(left, 1));
        if (overlaps) f.if(f.i32.eq(left, 1), () => this.#advance(axis, rest - lanes));
        f.brIf(again, left);
      });
      f.free(left);
      moved = count * lanes + (overlaps ? rest - lanes : 0);
    }
    if (rest > 0 && !overlaps) this.#loop(axis, rest, () => body(type));
    this.#advance(axis, -moved);
  }

  /**
   * The same, but first in groups of so many vectors as long as at least one vector is left then: `group` is run for them,
   * with the cursors at the first of each.
   */
  grouped(axis: number, count: number, group: () => void, mayRepeat: boolean, body: (lanes: Lanes) => void): void {
    const length = this.#walk.lengths[axis]!;
    const size = count * this.#element.lanes;
    const groups = Math.max(0, Math.floor((length % size === 0 ? length : length - this.#element.lanes) / size));
    emitRepeat(this.#f, groups, () => {
      group();
      this.#advance(axis, size);
    });
    this.vectors(axis, mayRepeat, body, length - groups * size);
    this.#advance(axis, -groups * size);
  }

  #advance(axis: number, steps: number): void {
    const f = this.#f;
    for (const { local, strides } of this.#cursors) {
      const bytes = steps * strides[axis]! * this.#element.size;
      if (bytes !== 0) f.set(local, f.i32.add(local, bytes));
    }
  }

  /** The current element of a view, or the current ones along an axis, or those some steps ahead along it. */
  load(view: number, lanes: Lanes, axis: number, ahead = 0): Value {
    const f = this.#f;
    const { cursor, offset: begin } = this.#places[view]!;
    const offset = begin + (ahead > 0 ? ahead * cursor.strides[axis]! * this.#element.size : 0);
    const { local } = cursor;
    if (lanes === 'f32' || lanes === 'f64') return f[lanes].load(local, offset);
    const stride = cursor.strides[axis]!;
    const operations = f[lanes];
    if (stride === 1) return operations.load(local, offset);
    if (stride === 0) return operations.loadSplat(local, offset);
    const { lanes: count, size } = this.#element;
    // All addresses first: a lane's load wants its address below the vector.
    const addresses: Value<'i32'>[] = [];
    for (let lane = count - 1; lane >= 0; lane--) {
      const bytes = lane * stride * size;
      addresses.push(bytes < 0 ? f.i32.add(local, bytes) : f.get(local));
    }
    const at = (lane: number) => offset + Math.max(0, lane * stride * size);
    let vector = operations.loadSplat(addresses.pop()!, at(0));
    for (let lane = 1; lane < count; lane++) {
      const address = addresses.pop()!;
      vector =
        size === 4
          ? f.v128.load32Lane(address, vector, lane, at(lane))
          : f.v128.load64Lane(address, vector, lane, at(lane));
    }
    return vector;
  }

  /** Writes, or adds to, the current element of a view, or the current ones along an axis. */
  store(view: number, lanes: Lanes, axis: number, add: boolean, take: () => Value, ahead = 0): void {
    const f = this.#f;
    const { cursor, offset: begin } = this.#places[view]!;
    const offset = begin + (ahead > 0 ? ahead * cursor.strides[axis]! * this.#element.size : 0);
    const { local } = cursor;
    const value = () => {
      if (!add) return take();
      const old = this.load(view, lanes, axis, ahead);
      return arithmeticOf(f, lanes).add(old, take());
    };
    if (lanes === 'f32' || lanes === 'f64') {
      const address = f.get(local);
      f[lanes].store(address, value() as never, offset);
      return;
    }
    const stride = cursor.strides[axis]!;
    if (stride === 1) {
      const address = f.get(local);
      f[lanes].store(address, value() as Value<'v128'>, offset);
      return;
    }
    const { lanes: count, size } = this.#element;
    const vector = f.let(value() as Value<'v128'>);
    for (let lane = 0; lane < count; lane++) {
      const bytes = lane * stride * size;
      const address = bytes < 0 ? f.i32.add(local, bytes) : f.get(local);
      const at = offset + Math.max(0, bytes);
      if (size === 4) f.v128.store32Lane(address, f.get(vector), lane, at);
      else f.v128.store64Lane(address, f.get(vector), lane, at);
    }
    f.free(vector);
  }
}
