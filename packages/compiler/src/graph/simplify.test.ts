import { describe, expect, test } from 'vitest';
import {
  binary,
  broadcast,
  concat,
  constant,
  full,
  gather,
  input,
  matMul,
  pad,
  reduce,
  reshape,
  scalar,
  select,
  slice,
  transpose,
  unary,
} from './build.ts';
import { countProgram, explain } from './explain.ts';
import { type Node, type Program, programNodes } from './graph.ts';
import { interpret } from './interpret.ts';
import { randomProgram } from './random-program.ts';
import type { Rule } from './rules/rule.ts';
import { type Rules, standardRules } from './rules/rules.ts';
import { simplify } from './simplify.ts';

const x = input('y', 0, [2, 3]);
const z = input('y', 1, [2, 3]);
const t = input('t', 0, []);

function programOf(...slope: Node[]): Program<{ slope: Node[] }> {
  return { inputs: { t, y: [x, z], parameters: [], cotangent: [] }, outputs: { slope } };
}

/** The only result, simplified, as its listing without the counts. */
function simplified(node: Node): string {
  return explain(simplify(programOf(node)))
    .split('\n')
    .slice(0, -2)
    .join('; ');
}

const neg = (node: Node) => unary('neg', node);
const mul = (a: Node, b: Node) => binary('mul', a, b);

describe('simplify', () => {
  test.each<[string, Node, string]>([
    ['x + 0', binary('add', x, scalar(0)), '%0 = input y 0 : [2,3]'],
    ['0 + x', binary('add', full([2, 3], 0), x), '%0 = input y 0 : [2,3]'],
    ['x * ones', mul(x, full([2, 3], 1)), '%0 = input y 0 : [2,3]'],
    ['x / 1', binary('div', x, scalar(1)), '%0 = input y 0 : [2,3]'],
    ['x ^ 1', binary('pow', x, scalar(1)), '%0 = input y 0 : [2,3]'],
    ['--x', neg(neg(x)), '%0 = input y 0 : [2,3]'],
    ['transposed twice', transpose(transpose(x, [1, 0]), [1, 0]), '%0 = input y 0 : [2,3]'],
    ['reshaped and back', reshape(reshape(x, [6]), [2, 3]), '%0 = input y 0 : [2,3]'],
    ['a slice of a concatenation', slice(concat([x, z], 0), [2, 0], [2, 3]), '%0 = input y 1 : [2,3]'],
    ['a slice of a pad', slice(pad(x, [1, 2], [0, 0]), [1, 2], [2, 3]), '%0 = input y 0 : [2,3]'],
    ['slices put together', concat([slice(x, [0, 0], [1, 3]), slice(x, [1, 0], [1, 3])], 0), '%0 = input y 0 : [2,3]'],
    ['a gather of all', gather(x, constant([0, 1, 2], [3]), 1), '%0 = input y 0 : [2,3]'],
    ['the same either way', select(binary('less', x, z), x, x), '%0 = input y 0 : [2,3]'],
    ['a sum over size 1', reduce('sum', reshape(x, [2, 1, 3]), [1]), '%0 = input y 0 : [2,3]'],
    ['a sum of copies', reduce('max', broadcast(x, [4, 2, 3]), [0]), '%0 = input y 0 : [2,3]'],
    ['powers', binary('pow', x, scalar(2)), '%0 = input y 0 : [2,3]; %1 = mul %0 %0 : [2,3]'],
    ['roots', binary('pow', x, scalar(0.5)), '%0 = input y 0 : [2,3]; %1 = sqrt %0 : [2,3]'],
    [
      'x * 0 stays, for it may be NaN',
      mul(x, scalar(0)),
      '%0 = input y 0 : [2,3]; %1 = constant 0 : []; %2 = mul %0 %1 : [2,3]',
    ],
    ['x + -z', binary('add', x, neg(z)), '%0 = input y 0 : [2,3]; %1 = input y 1 : [2,3]; %2 = sub %0 %1 : [2,3]'],
    ['x / 4', binary('div', x, scalar(4)), '%0 = input y 0 : [2,3]; %1 = constant 0.25 : []; %2 = mul %0 %1 : [2,3]'],
    [
      'x / 3 stays',
      binary('div', x, scalar(3)),
      '%0 = input y 0 : [2,3]; %1 = constant 3 : []; %2 = div %0 %1 : [2,3]',
    ],
    [
      '(x 2) 3',
      mul(mul(x, scalar(2)), scalar(3)),
      '%0 = input y 0 : [2,3]; %1 = constant 6 : []; %2 = mul %0 %1 : [2,3]',
    ],
    [
      'transposes of a product',
      matMul(transpose(x, [1, 0]), z),
      '%0 = input y 0 : [2,3]; %1 = input y 1 : [2,3]; %2 = matMul transposed plain %0 %1 : [3,3]',
    ],
    [
      'the gradient of two slices',
      binary('add', pad(x, [0, 0], [2, 0]), pad(z, [2, 0], [0, 0])),
      '%0 = input y 0 : [2,3]; %1 = input y 1 : [2,3]; %2 = concat along 0 %0 %1 : [4,3]',
    ],
    [
      'the gradient of three slices in disorder',
      binary(
        'add',
        binary('add', pad(x, [2, 0], [2, 0]), pad(z, [4, 0], [0, 0])),
        pad(slice(x, [0, 0], [1, 3]), [0, 0], [5, 0]),
      ),
      '%0 = input y 0 : [2,3]; %1 = slice from 0,0 %0 : [1,3]; %2 = constant 0 : []; %3 = broadcast %2 : [1,3]; ' +
        '%4 = input y 1 : [2,3]; %5 = concat along 0 %1 %3 %0 %4 : [6,3]',
    ],
  ])('%s', (_, node, expected) => {
    expect(simplified(node)).toBe(expected);
  });

  test('folds what is known', () => {
    const known = unary('sin', binary('add', constant([1, 2, 3], [3]), scalar(1)));
    expect(simplified(mul(x, known))).toBe(
      `%0 = input y 0 : [2,3]; %1 = constant ${[2, 3, 4].map(Math.sin).join(' ')} : [3]; %2 = mul %0 %1 : [2,3]`,
    );
  });

  test('computes nothing twice', () => {
    const twice = binary('add', unary('tanh', mul(x, z)), unary('tanh', mul(x, z)));
    expect(countProgram(simplify(programOf(twice))).operations).toBe(3);
    // Nor with its operands exchanged.
    expect(countProgram(simplify(programOf(mul(x, z), mul(z, x)))).operations).toBe(1);
  });

  test('operations come before a broadcast', () => {
    const row = input('y', 0, [3]);
    const wide = unary('exp', mul(broadcast(row, [100, 3]), full([100, 3], 2)));
    const { elements } = countProgram(simplify({ ...programOf(wide), inputs: { ...programOf().inputs, y: [row] } }));
    expect(elements).toBe(6);
  });

  test('a long chain does not exhaust the stack', () => {
    let node: Node = x;
    for (let n = 0; n < 20_000; n++) node = unary('sin', binary('add', node, scalar(0)));
    expect(countProgram(simplify(programOf(node))).operations).toBe(20_000);
  });
});

/** The largest difference relative to the size of the numbers compared; NaN and infinities must agree. */
function difference(a: Float64Array, b: Float64Array): number {
  let worst = 0;
  a.forEach((value, n) => {
    const other = b[n] as number;
    if (Object.is(value, other) || value === other) return;
    worst = Math.max(worst, Math.abs(value - other) / Math.max(1, Math.abs(value)));
    if (Number.isNaN(worst)) worst = Number.POSITIVE_INFINITY;
  });
  return worst;
}

describe('random programs', () => {
  test('keep their values, and have a fixed point', () => {
    let before = 0;
    let after = 0;
    for (let seed = 1; seed <= 600; seed++) {
      const { program, inputs } = randomProgram({ seed, operations: 40 });
      let applications = 0;
      const counted = (rule: Rule) => (node: Node) => {
        const next = rule(node);
        if (next && next !== node) applications++;
        return next;
      };
      const rules = Object.entries(standardRules).map(([op, list]) => [op, list.map(counted)]);
      const simpler = simplify(program, Object.fromEntries(rules) as Rules);
      // Rules that undo one another would use up the bound.
      expect(applications, `seed ${seed}`).toBeLessThan(6 * programNodes(program).length);
      const expected = interpret(program, inputs).slope;
      const actual = interpret(simpler, inputs).slope;
      expected.forEach((values, n) => {
        const worst = difference(values, actual[n] as Float64Array);
        if (!(worst < 1e-9)) throw new Error(`seed ${seed}, output ${n}: ${worst}\n${explain(program)}`);
      });
      program.outputs.slope.forEach((node, n) => {
        expect(simpler.outputs.slope[n]?.shape).toEqual(node.shape);
      });
      expect(programNodes(simplify(simpler)).length, `seed ${seed}`).toBe(programNodes(simpler).length);
      before += programNodes(program).length;
      after += programNodes(simpler).length;
    }
    expect(after).toBeLessThan(before);
  });

  test('are the same for the same seed', () => {
    expect(explain(randomProgram({ seed: 3 }).program)).toBe(explain(randomProgram({ seed: 3 }).program));
  });
});
