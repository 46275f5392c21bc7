import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Point } from './measure.ts';
import { precisionProblems } from './problems.ts';

const labels = { ms: 'time of a solve (ms)', evaluations: 'evaluations of the field' };

const colours = [
  ...['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#7f3c8d', '#8c6d31'],
  ...['#a50026', '#4d9221', '#5e4fa2', '#888888'],
];

/** Error against time or evaluations, a line for each solver: the text of an SVG document. Low and left is good. */
export function drawDiagram(problem: string, points: readonly Point[], against: 'ms' | 'evaluations'): string {
  const { document } = parseHTML('<html><body></body></html>');
  const title = precisionProblems.find(({ name }) => name === problem)?.title ?? problem;
  const drawn = points.filter(({ error }) => error > 0 && Number.isFinite(error));
  const solvers = [...new Set(drawn.map(({ solver }) => solver))];
  const colour = (solver: string) => colours[solvers.indexOf(solver) % colours.length] as string;
  const isPeer = (solver: string) => solver.endsWith('(npm)');
  const line = (points: Point[], dash: string) =>
    Plot.line(points, {
      ...{ x: against, y: 'error', z: 'solver', stroke: ({ solver }: Point) => colour(solver) },
      ...{ strokeWidth: 2, strokeDasharray: dash },
    });
  const svg = Plot.plot({
    document,
    width: 850,
    height: 560,
    marginTop: 60,
    marginLeft: 80,
    marginRight: 210,
    marginBottom: 50,
    style: { background: 'white', color: '#222', fontSize: '13px', fontFamily: 'sans-serif' },
    x: {
      type: 'log',
      label: labels[against],
      labelAnchor: 'center',
      labelArrow: 'none',
      grid: true,
      tickFormat: String,
    },
    y: {
      ...{ type: 'log', label: 'largest error at the end', labelAnchor: 'center', labelArrow: 'none', grid: true },
      ticks: powersOfTen(drawn.map(({ error }) => error)),
      tickFormat: (error: number) => error.toExponential(0),
    },
    marks: [
      Plot.text([title], { frameAnchor: 'top-left', textAnchor: 'start', dy: -40, fontSize: 18, fontWeight: 'bold' }),
      line(
        drawn.filter(({ solver }) => !isPeer(solver)),
        '',
      ),
      line(
        drawn.filter(({ solver }) => isPeer(solver)),
        '5 4',
      ),
      Plot.dot(drawn, { x: against, y: 'error', fill: ({ solver }: Point) => colour(solver), r: 3 }),
      ...solvers.map((solver, n) =>
        Plot.text([`${isPeer(solver) ? '- -' : '\u2014'} ${solver}`], {
          ...{ frameAnchor: 'top-right', textAnchor: 'start', dx: 16, dy: 20 * n },
          fill: colour(solver),
          fontWeight: 'bold',
        }),
      ),
    ],
  });
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return `<?xml version="1.0" encoding="UTF-8"?>\n${svg.outerHTML}\n`;
}

/** Those that the values span. */
function powersOfTen(values: readonly number[]): number[] {
  const exponents = values.map((value) => Math.log10(value));
  const first = Math.ceil(Math.min(...exponents));
  return Array.from(
    { length: Math.max(0, Math.floor(Math.max(...exponents)) - first + 1) },
    (_, n) => 10 ** (first + n),
  );
}
