import { expect, it } from 'vitest';
import * as g from '../graph/build.ts';
import { type Node, type SlopeProgram, sizeOf } from '../graph/graph.ts';
import { interpret, type ProgramInputs } from '../graph/interpret.ts';
import { inputsOf, start } from './fixtures.ts';

/** Widths around whole vectors and whole groups of them. */
const widths = [1, 2, 3, 4, 7, 8, 9, 16, 17, 18, 19, 20, 32, 33, 37, 64];
const views = {
  rows: (x: Node) => x,
  'rows backwards': (x: Node) => g.reverse(x, [1]),
  'a slice': (x: Node) => g.slice(x, [1, 0], [x.shape[0]! - 1, x.shape[1]!], [1, 1]),
};

it.each(['float32', 'float64'] as const)(
  'sums over columns of any width in %s, added to what is there',
  (precision) => {
    for (const width of widths) {
      for (const [name, view] of Object.entries(views)) {
        const inputs = inputsOf([[5, width]], [[width]]);
        const sum = g.reduce('sum', view(inputs.y[0]!), [0]);
        const slope: SlopeProgram = { inputs, outputs: { slope: [sum, g.reduce('max', view(inputs.y[0]!), [0])] } };
        // Numbers of few bits, whose sums are exact.
        const fill = (shape: readonly number[]) =>
          Float64Array.from({ length: sizeOf(shape) }, (_, n) => Math.round(64 * Math.sin(7 * n)) / 64);
        const given: ProgramInputs = { t: 0, y: [fill([5, width])], parameters: [fill([width])] };
        const wanted = interpret(slope, given).slope.map((leaf) => Array.from(leaf));
        const vjp = { inputs, outputs: { y: [], parameters: [sum], t: [g.scalar(0)] } };
        const running = start(slope, vjp, { precision, mode: 'loops' });
        expect(running.slope(given), `${name}, ${width}`).toEqual(wanted.flat());
        const old = Array.from({ length: width }, (_, n) => n);
        expect(running.vjp(given, old).parameters, `${name}, ${width}`).toEqual(
          wanted[0]!.map((value, n) => value + n),
        );
      }
    }
  },
);
