import { constant } from '../build.ts';
import { sizeOf } from '../graph.ts';
import { knownValue } from '../values.ts';
import { isKnown, type Rule } from './rule.ts';

/** More known values than this are computed anew rather than stored. */
const largest = 65_536;

/** Computes now, in float64, what depends on constants only. */
export const foldConstants: Rule = (node) => {
  if (node.op === 'input' || node.op === 'constant' || node.op === 'broadcast') return undefined;
  if (sizeOf(node.shape) > largest || !node.inputs.every(isKnown)) return undefined;
  return constant(knownValue(node), node.shape);
};
