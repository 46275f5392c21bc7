import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { accurateOrbits, equalTimes } from './observations.ts';
import { astronomicalUnits, trueMasses, years } from './problem.ts';

interface Point {
  readonly x: number;
  readonly y: number;
  readonly body: string;
}

const colours = ['#0072b2', '#d55e00', '#009e73'];
const bodies = trueMasses.map((_, n) => `body ${n + 1}`);

/** The orbits on [0, `end`], true and recovered, seen along the z axis: the text of an SVG document. */
export function drawOrbits(recovered: readonly number[], end: number): string {
  const trueOrbits = orbits(trueMasses, end);
  const { document } = parseHTML('<html><body></body></html>');
  const colour = ({ body }: Point) => colours[bodies.indexOf(body)] as string;
  const svg = Plot.plot({
    document,
    width: 760,
    marginTop: 110,
    marginLeft: 50,
    marginRight: 30,
    marginBottom: 50,
    grid: true,
    aspectRatio: 1,
    style: { background: 'white', color: '#222', fontSize: '13px', fontFamily: 'sans-serif' },
    x: { label: 'x (AU)', labelAnchor: 'center', labelArrow: 'none', nice: true },
    y: { label: 'y (AU)', labelAnchor: 'center', labelArrow: 'none', nice: true },
    marks: [
      Plot.text([`Orbits of three bodies over ${(end * years).toFixed(0)} years`], {
        ...heading(-88),
        fontSize: 18,
        fontWeight: 'bold',
      }),
      Plot.text(['Wide: true masses. Dashed: recovered masses.'], heading(-60)),
      Plot.text([`Circle: start. Dot: end. Observed during the first ${years.toFixed(0)} years.`], heading(-40)),
      Plot.line(trueOrbits, { x: 'x', y: 'y', z: 'body', stroke: colour, strokeWidth: 6, strokeOpacity: 0.35 }),
      Plot.line(orbits(recovered, end), {
        x: 'x',
        y: 'y',
        z: 'body',
        stroke: colour,
        strokeWidth: 1.5,
        strokeDasharray: '6 4',
      }),
      Plot.dot(ends(trueOrbits, 0), { x: 'x', y: 'y', r: 5, fill: 'white', stroke: colour, strokeWidth: 2 }),
      Plot.dot(ends(trueOrbits, -1), { x: 'x', y: 'y', r: 5, fill: colour }),
      Plot.text(ends(trueOrbits, -1), {
        x: 'x',
        y: 'y',
        text: 'body',
        fill: colour,
        dy: -14,
        fontWeight: 'bold',
        stroke: 'white',
        strokeWidth: 4,
      }),
    ],
  });
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return `<?xml version="1.0" encoding="UTF-8"?>\n${svg.outerHTML}\n`;
}

/** Places a line of text above the axes. */
function heading(dy: number): Plot.TextOptions {
  return { frameAnchor: 'top-left', textAnchor: 'start', dy };
}

function orbits(masses: readonly number[], end: number): Point[] {
  const states = accurateOrbits(masses, equalTimes(end, 400));
  return bodies.flatMap((body, n) =>
    states.map((y) => ({
      x: (y[3 * n] as number) * astronomicalUnits,
      y: (y[3 * n + 1] as number) * astronomicalUnits,
      body,
    })),
  );
}

/** The first or, with -1, the last point of each orbit. */
function ends(points: readonly Point[], index: 0 | -1): Point[] {
  return bodies.map((body) => points.filter((point) => point.body === body).at(index) as Point);
}
