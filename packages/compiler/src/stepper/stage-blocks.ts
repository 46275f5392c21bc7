import type { Layout } from './layout.ts';
import type { StepPlan } from './plan.ts';

/** A block: what a solve keeps of one step's own stages for the walk back, their inputs and then their tapes. */
export interface StageBlocks {
  /** Bytes of a block. */
  readonly bytes: number;
  /** Where the tapes begin in it. */
  readonly tapes: number;
}

/** The blocks of a method's steps; undefined where a field has no tape, and computing stages again costs little. */
export function stageBlocks(
  { stages }: StepPlan,
  { stride }: Layout,
  { tapeBytes }: { readonly tapeBytes: number },
): StageBlocks | undefined {
  if (tapeBytes === 0) return undefined;
  return { bytes: stages * (stride + tapeBytes), tapes: stages * stride };
}
