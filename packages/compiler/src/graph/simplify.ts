import { withInputs } from './build.ts';
import { type Node, type Outputs, type Program, programNodes } from './graph.ts';
import { interner } from './intern.ts';
import { type Rules, standardRules } from './rules/rules.ts';

/** Rules are applied at most so often for each node: they end by themselves, unless one of them is wrong. */
const bound = 40;

/**
 * The same program in fewer operations: constants are folded, equal nodes become one, what no output depends on is gone,
 * and the rules have been applied until none applies. Values stay the same to within a few roundings, but for the sign of
 * zeros.
 *
 * @param rules default: all
 */
export function simplify<O extends Outputs>(program: Program<O>, rules: Rules = standardRules): Program<O> {
  const intern = interner();
  const results = new Map<Node, Node>();
  const nodes = programNodes(program);
  let budget = bound * nodes.length + 1000;

  const applied = (node: Node): Node | undefined => {
    if (budget <= 0) return undefined;
    for (const rule of rules[node.op]) {
      const next = rule(node);
      if (next && next !== node) return next;
    }
    return undefined;
  };
  const visit = (node: Node): Node => {
    const known = results.get(node);
    if (known) return known;
    const own = intern(
      withInputs(
        node,
        (node.inputs as readonly Node[]).map((input) => visit(input)),
      ),
    );
    let result = results.get(own);
    if (!result) {
      const next = applied(own);
      budget -= next ? 1 : 0;
      result = next ? visit(next) : own;
      results.set(own, result);
    }
    results.set(node, result);
    return result;
  };

  // In this order the recursion stays shallow.
  for (const node of nodes) visit(node);
  const outputs = Object.entries(program.outputs).map(([name, list]) => [name, list.map(visit)]);
  return { inputs: program.inputs, outputs: Object.fromEntries(outputs) as O };
}
