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

/** All rules, in the order in which they are tried. */
export const standardRules: readonly Rule[] = [
  // Before folding, so that what is the same everywhere is computed once.
  broadcastLater,
  mergeBroadcasts,
  moveBeforeBroadcast,
  reduceBeforeBroadcast,
  matMulBroadcasts,
  foldConstants,
  simplifyBinary,
  simplifyPaddedSum,
  simplifyUnary,
  simplifySelect,
  mergeReshapes,
  mergeTransposes,
  signsOut,
  simplifySlice,
  simplifyConcat,
  mergePads,
  simplifyIndexed,
  simplifyMatMul,
  simplifyReduce,
];
