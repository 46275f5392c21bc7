import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { tracedProgram } from '../fuzz/check-seed.ts';
import * as g from '../graph/build.ts';
import { simplifyField } from '../graph/field-programs.ts';
import { type InputNode, programNodes, sizeOf } from '../graph/graph.ts';
import { interpret } from '../graph/interpret.ts';
import { randomNumbers, randomProgram } from '../graph/random-program.ts';
import { inputsOf } from './fixtures.ts';
import { tapeBytes, tapedPrograms } from './tape.ts';

await tf.setBackend('cpu');

test('parts of random programs compute what the whole programs do', () => {
  let taped = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const { program } = randomProgram({ seed, operations: 4 + (seed % 30) });
    const { slope, vjp } = tracedProgram(program);
    const programs = vjp && simplifyField({ slope, vjp });
    const parts = programs && tapedPrograms(programs);
    if (!parts) continue;
    taped++;
    const random = randomNumbers(seed);
    const some = (nodes: readonly InputNode[]) =>
      nodes.map(({ shape }) => Float64Array.from({ length: sizeOf(shape) }, () => 2 * random() - 1));
    const { y, parameters, cotangent } = programs.vjp.inputs;
    const given = { t: random(), y: some(y), parameters: some(parameters), cotangent: some(cotangent) };
    const { tape } = interpret(parts.fill, given);
    expect(interpret(parts.slope, { ...given, tape }), `seed ${seed}`).toEqual(interpret(programs.slope, given));
    expect(interpret(parts.vjp, { ...given, tape }), `seed ${seed}`).toEqual(interpret(programs.vjp, given));
  }
  expect(taped).toBeGreaterThan(60);
});

test('a network keeps its layers, and nobody computes them again', () => {
  const inputs = inputsOf(
    [[8, 4]],
    [
      [4, 16],
      [16, 4],
    ],
  );
  const [y, bar] = [inputs.y[0]!, inputs.cotangent[0]!];
  const [w1, w2] = inputs.parameters as [InputNode, InputNode];
  const layer = g.unary('tanh', g.matMul(g.binary('mul', y, y), w1));
  const squared = g.binary('mul', layer, layer);
  const parts = tapedPrograms({
    slope: { inputs, outputs: { slope: [g.matMul(squared, w2)] } },
    vjp: {
      inputs,
      outputs: {
        y: [g.matMul(g.binary('mul', layer, g.matMul(bar, w2, false, true)), w1, false, true)],
        parameters: [w1, g.matMul(squared, bar, true)],
        t: [g.scalar(0)],
      },
    },
  })!;
  // The square is cheaper to compute than to read.
  expect(parts.fill.outputs.tape).toEqual([layer]);
  expect(tapeBytes(parts, 4)).toBe(4 * 8 * 16);
  for (const part of [parts.slope, parts.vjp]) {
    expect(programNodes(part).filter((node) => node.op === 'unary')).toEqual([]);
  }
});

test('what is cheap is not kept', () => {
  const inputs = inputsOf([[100]]);
  const [y, bar] = [inputs.y[0]!, inputs.cotangent[0]!];
  const square = g.binary('mul', y, y);
  const slope = { inputs, outputs: { slope: [g.binary('mul', square, y)] } };
  const three = g.binary('mul', g.scalar(3), square);
  const vjp = { inputs, outputs: { y: [g.binary('mul', bar, three)], parameters: [], t: [g.scalar(0)] } };
  expect(tapedPrograms({ slope, vjp })).toBeUndefined();
});
