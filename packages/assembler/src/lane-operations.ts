import { Group } from './group.ts';
import { checkLane, type Vector } from './lane.ts';
import { type OperandStack, simd } from './operand-stack.ts';
import { AssemblyError, type Operand, type Value, type WideLanes } from './values.ts';

type Element = 'i32' | 'i64' | 'f32' | 'f64';
type LaneShape = 'f32x4' | 'f64x2' | 'i32x4' | 'i64x2';

/** What lanes of every type have. `L` is what stands for a vector: a value, a local, a number in every lane. */
export abstract class LaneOperations<E extends Element, L extends WideLanes> extends Group<LaneShape, 'v128'> {
  readonly element: E;
  readonly laneCount: 2 | 4;
  /** The place of the type among instructions that there are for each. */
  readonly #order: number;

  constructor(code: OperandStack, element: E) {
    const order = ['i32', 'i64', 'f32', 'f64'].indexOf(element);
    const laneCount = order % 2 === 0 ? 4 : 2;
    super(code, `${element}x${laneCount}` as LaneShape, 'v128');
    this.element = element;
    this.laneCount = laneCount;
    this.#order = order;
  }

  /** A vector of literals: one number for all lanes, or one for each. */
  const(value: number | bigint | readonly (number | bigint)[]): Value<'v128'> {
    if (typeof value === 'object') this.#checkCount(value);
    return this.code.literal(this.shape, 'v128', value);
  }
  splat(a: Operand<E>): Value<'v128'> {
    return this.code.unary(simd + 0x11 + this.#order, this.element, a, 'v128');
  }
  extractLane(a: Vector, lane: number): Value<E> {
    checkLane(lane, this.laneCount);
    const value = this.code.unary(simd + 0x1b + 2 * this.#order, 'v128', a, this.element);
    this.code.immediate(lane);
    return value;
  }
  replaceLane(a: L, lane: number, value: Operand<E>): Value<'v128'> {
    checkLane(lane, this.laneCount);
    this.code.arrange2(this.shape, a, this.element, value, false);
    this.code.opcode(simd + 0x1c + 2 * this.#order);
    this.code.immediate(lane);
    return this.code.push('v128');
  }
  /** Lanes picked from those of `a`, numbered from 0, and of `b`, numbered on. */
  pick(a: Vector, b: Vector, lanes: readonly number[]): Value<'v128'> {
    this.#checkCount(lanes);
    const value = this.code.binary(simd + 0x0d, 'v128', a, b, 'v128');
    const size = 16 / this.laneCount;
    for (const lane of lanes) {
      checkLane(lane, 2 * this.laneCount);
      for (let i = 0; i < size; i++) this.code.immediate(lane * size + i);
    }
    return value;
  }
  #checkCount({ length }: readonly unknown[]): void {
    if (length === this.laneCount) return;
    throw new AssemblyError(`${this.shape} has ${this.laneCount} lanes, ${length} were given.`);
  }

  protected requireRelaxed(): void {
    if (!this.code.relaxedSimd) throw new AssemblyError('The module was built without relaxed SIMD.');
  }
}
