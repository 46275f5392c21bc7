import type { Node } from '../graph.ts';
import { simplifyBinary, simplifySelect, simplifyUnary } from './algebra.ts';
import {
  broadcastLater,
  matMulBroadcasts,
  mergeBroadcasts,
  moveBeforeBroadcast,
  reduceBeforeBroadcast,
} from './broadcasts.ts';
import { foldConstants } from './fold.ts';
import {
  mergePads,
  mergeReshapes,
  mergeTransposes,
  signsOut,
  simplifyConcat,
  simplifyIndexed,
  simplifyPaddedSum,
  simplifySlice,
} from './movements.ts';
import { simplifyMatMul, simplifyReduce } from './products.ts';
import type { Rule } from './rule.ts';

/** For every operation the rules that may apply to it, in the order in which they are tried. */
export type Rules = Readonly<Record<Node['op'], readonly Rule[]>>;

/** All rules. Folding comes after broadcasts, so that what is the same everywhere is computed once. */
export const standardRules: Rules = {
  input: [],
  constant: [],
  unary: [broadcastLater, foldConstants, simplifyUnary],
  binary: [broadcastLater, foldConstants, simplifyBinary, simplifyPaddedSum],
  select: [broadcastLater, foldConstants, simplifySelect],
  matMul: [matMulBroadcasts, foldConstants, simplifyMatMul],
  reduce: [reduceBeforeBroadcast, foldConstants, simplifyReduce],
  reshape: [moveBeforeBroadcast, foldConstants, mergeReshapes, signsOut],
  transpose: [moveBeforeBroadcast, foldConstants, mergeTransposes, signsOut],
  slice: [moveBeforeBroadcast, foldConstants, signsOut, simplifySlice],
  concat: [foldConstants, simplifyConcat],
  pad: [foldConstants, mergePads],
  broadcast: [mergeBroadcasts],
  gather: [foldConstants, simplifyIndexed],
  scatterAdd: [foldConstants, simplifyIndexed],
  scan: [foldConstants],
};
