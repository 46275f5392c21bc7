import { checkLane, type Vector } from './lane.ts';
import { type OperandStack, simd } from './operand-stack.ts';
import { AssemblyError, type Operand, type Value, type WideLanes } from './values.ts';

/** What lanes of every type have. `L` is what stands for a vector: a value, a local, a number in every lane. */
export abstract class LaneOperations<E extends 'f32' | 'f64' | 'i32' | 'i64', L extends WideLanes> {
  readonly element: E;
  readonly laneCount: 2 | 4;
  readonly shape: 'f32x4' | 'f64x2' | 'i32x4' | 'i64x2';
  protected readonly code: OperandStack;
  readonly #splat: number;
  readonly #extract: number;

  constructor(code: OperandStack, element: E) {
    this.code = code;
    this.element = element;
    this.laneCount = element === 'f32' || element === 'i32' ? 4 : 2;
    this.shape = `${element}x${this.laneCount}` as LaneOperations<E, L>['shape'];
    const order = ['i32', 'i64', 'f32', 'f64'].indexOf(element);
    this.#splat = simd + 0x11 + order;
    this.#extract = simd + 0x1b + 2 * order;
  }

  /** A vector of literals: one number for all lanes, or one for each. */
  const(value: number | bigint | readonly (number | bigint)[]): Value<'v128'> {
    if (typeof value === 'object' && value.length !== this.laneCount) {
      throw new AssemblyError(`${this.shape} has ${this.laneCount} lanes, ${value.length} were given.`);
    }
    return this.code.literal(this.shape, 'v128', value);
  }
  splat(a: Operand<E>): Value<'v128'> {
    return this.code.unary(this.#splat, this.element, a, 'v128');
  }
  extractLane(a: Vector, lane: number): Value<E> {
    checkLane(lane, this.laneCount);
    const value = this.code.unary(this.#extract, 'v128', a, this.element);
    this.code.immediate(lane);
    return value;
  }
  replaceLane(a: L, lane: number, value: Operand<E>): Value<'v128'> {
    checkLane(lane, this.laneCount);
    this.code.arrange2(this.shape, a, this.element, value, false);
    this.code.opcode(this.#extract + 1);
    this.code.immediate(lane);
    return this.code.push('v128');
  }
  /** Lanes picked from those of `a`, numbered from 0, and of `b`, numbered on. */
  pick(a: Vector, b: Vector, lanes: readonly number[]): Value<'v128'> {
    if (lanes.length !== this.laneCount) throw new AssemblyError(`${this.shape} has ${this.laneCount} lanes.`);
    const value = this.code.binary(simd + 0x0d, 'v128', a, b, 'v128');
    const size = 16 / this.laneCount;
    for (const lane of lanes) {
      checkLane(lane, 2 * this.laneCount);
      for (let i = 0; i < size; i++) this.code.immediate(lane * size + i);
    }
    return value;
  }

  protected lanes1(code: number, a: L): Value<'v128'> {
    return this.code.unary(simd + code, this.shape, a, 'v128');
  }
  protected lanes2(code: number, a: L, b: L, commutes = false): Value<'v128'> {
    return this.code.binary(simd + code, this.shape, a, b, 'v128', commutes);
  }
  protected requireRelaxed(): void {
    if (!this.code.relaxedSimd) throw new AssemblyError('The module was built without relaxed SIMD.');
  }
}
