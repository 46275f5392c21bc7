import { AssemblyError, type Lanes, type Operand } from './values.ts';

/** A vector that is no literal: its lanes are not told by the operation. */
export type Vector = Exclude<Lanes, number>;
export type Pointer = Operand<'i32'>;

export function checkLane(lane: number, count: number): void {
  if (!(Number.isInteger(lane) && lane >= 0 && lane < count)) {
    throw new AssemblyError(`Lane ${lane} is not one of 0 to ${count - 1}.`);
  }
}
