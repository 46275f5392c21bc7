import { input, withInputs } from '../graph/build.ts';
import type { FieldPrograms } from '../graph/field-programs.ts';
import {
  type InputNode,
  type Node,
  nodesOf,
  type Outputs,
  type Program,
  programNodes,
  type SlopeProgram,
  sizeOf,
  type VjpProgram,
} from '../graph/graph.ts';
import { operationsOf } from './choose-mode.ts';
import { isView } from './fusion.ts';

/** A field's programs, cut where both would compute the same: arrays that are kept in between, the tape. */
export interface TapedPrograms {
  /** Computes the tape. */
  readonly fill: Program<{ readonly tape: readonly Node[] }>;
  /** The rest of both, with the tape's arrays among their inputs. */
  readonly slope: SlopeProgram;
  readonly vjp: VjpProgram;
}

/** An element is read again rather than computed again when that takes more additions than this. */
const mostAgain = 8;

/** Cuts programs that were simplified together; undefined where they share nothing that is worth keeping. */
export function tapedPrograms({ slope, vjp }: FieldPrograms): TapedPrograms | undefined {
  const kept = new Set<Node>();
  keepShared(kept, programNodes(slope), vjp);
  // So that the rest of the slope doesn't compute again what was needed for the tape.
  keepShared(kept, nodesOf(kept), slope);
  if (kept.size === 0) return undefined;
  const tape = [...kept];
  const inputs = new Map(tape.map((node, n) => [node, input('tape', n, node.shape)]));
  return {
    fill: { inputs: slope.inputs, outputs: { tape } },
    slope: cut(slope, inputs),
    vjp: cut(vjp, inputs),
  };
}

/** Bytes of a tape of numbers of so many bytes, a multiple of 16. */
export function tapeBytes({ fill }: TapedPrograms, width: number): number {
  const numbers = fill.outputs.tape.reduce((size, { shape }) => size + sizeOf(shape), 0);
  return Math.ceil((numbers * width) / 16) * 16;
}

/** Adds what other nodes of the program read from some, and what costs much to compute from what is kept already. */
function keepShared(kept: Set<Node>, shared: readonly Node[], program: Program): void {
  const within = new Set(shared);
  const read = new Set<Node>();
  const see = (node: Node) => {
    let at = node;
    while (isView(at)) at = at.inputs[0] as Node;
    if (within.has(at)) read.add(at);
  };
  for (const node of programNodes(program)) if (!within.has(node)) node.inputs.forEach(see);
  for (const results of Object.values(program.outputs)) results.forEach(see);
  for (const node of shared) if (read.has(node) && isCostly(node, kept)) kept.add(node);
}

function isCostly(node: Node, kept: ReadonlySet<Node>): boolean {
  const most = mostAgain * sizeOf(node.shape);
  const seen = new Set(kept);
  const open = [node];
  let cost = 0;
  for (let at = open.pop(); at && cost <= most; at = open.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    if (!isView(at) && at.op !== 'input' && at.op !== 'constant') cost += operationsOf(at);
    open.push(...at.inputs);
  }
  return cost > most;
}

/** The program with inputs in the place of nodes. */
function cut<O extends Outputs>({ inputs, outputs }: Program<O>, places: ReadonlyMap<Node, InputNode>): Program<O> {
  const cutOff = new Map<Node, Node>(places);
  const replaced = (node: Node) => cutOff.get(node) as Node;
  for (const node of programNodes({ inputs, outputs })) {
    if (!cutOff.has(node)) cutOff.set(node, withInputs(node, node.inputs.map(replaced)));
  }
  const rest = Object.entries(outputs).map(([name, results]) => [name, results.map(replaced)]);
  return { inputs: { ...inputs, tape: [...places.values()] }, outputs: Object.fromEntries(rest) as O };
}
