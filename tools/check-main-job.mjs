// Runs the main job as a newcomer would and judges what it wrote.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { status } = spawnSync('npm', ['start'], { stdio: ['ignore', 'inherit', 'inherit'] });
if (status !== 0) throw new Error(`npm start exits ${status}`);
const { masses, error } = JSON.parse(readFileSync('out/three-body/result.json', 'utf8'));
masses.true.forEach((mass, n) => {
  const miss = Math.abs(masses.recovered[n] - mass);
  if (!(miss <= 1e-3)) throw new Error(`mass ${n + 1} is off by ${miss}`);
});
if (!(error.train < 1e-6 && error.test < 1e-4)) throw new Error(`position errors ${error.train} and ${error.test}`);
if (!readFileSync('out/three-body/orbits.svg', 'utf8').includes('</svg>')) throw new Error('orbits.svg is cut off');
