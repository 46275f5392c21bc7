import { join } from 'node:path';
import { solve } from 'neural-ode';
import type { Case } from './case.ts';
import { type Entry, javascript, type Places, type Runner } from './entry.ts';
import { gradientArrays, solveArrays } from './implementations/arrays.ts';
import { gradientCompiled, solveCompiled } from './implementations/compiled.ts';
import { floor } from './implementations/floor.ts';
import { dopri, mathjs, ode45CashKarp, odex, solvePeer } from './implementations/npm.ts';
import { gradientTensors, solveTensors } from './implementations/tensors.ts';
import { torch, torchGradients } from './implementations/torch.ts';
import { operationCases } from './operation-cases.ts';
import type { GradientProblem } from './problems/gradient-problem.ts';
import { gradient, latentMlp, type Mlp, mlpProblem, spiralMlp, wideMlp } from './problems/mlp.ts';
import type { SolveProblem } from './problems/solve-problem.ts';
import { threeBody } from './problems/three-body.ts';
import { vanDerPol } from './problems/van-der-pol.ts';

const dtypes = ['float64', 'float32'] as const;

const solves: readonly Case[] = [
  {
    name: 'van-der-pol',
    title: 'van der Pol, mu = 1, from (2, 0), t 0..10, Dopri5, rtol = atol = 1e-5: the end state',
    closeness: 1e-3,
    reference: () => accurateEnds(vanDerPol(1)),
    entries() {
      const problem = vanDerPol(1);
      return [
        ...dtypes.map((dtype) =>
          javascript(`neural-ode compiled ${dtype}`, dtype, 'ours', () => solveCompiled(problem, dtype)),
        ),
        javascript('neural-ode arrays', 'float64', 'ours', () => solveArrays(problem)),
        javascript('neural-ode tfjs wasm', 'float32', 'ours', () => solveTensors(problem, 'wasm')),
        javascript('neural-ode tfjs cpu', 'float32', 'ours', () => solveTensors(problem, 'cpu')),
        floor({ program: 'van_der_pol', dtype: 'float64' }),
        floor({ program: 'van_der_pol', dtype: 'float32' }),
        ...npmSolvers(problem),
        ...(['torchdiffeq', 'torch-ACA'] as const).map((method) => torch(method, () => solveJson(problem))),
      ];
    },
  },
  {
    name: 'van-der-pol-1024',
    title: 'the same from 1024 points of a circle of radius 2, each with steps of its own where not said otherwise',
    closeness: 1e-3,
    reference: () => accurateEnds(vanDerPol(1024)),
    entries() {
      const problem = vanDerPol(1024);
      const shared = 'shared steps';
      return [
        ...dtypes.map((dtype) =>
          javascript(`neural-ode compiled ${dtype}`, dtype, 'ours', () => solveCompiled(problem, dtype)),
        ),
        twoThreads('float64', () => solveCompiled(problem, 'float64', 2)),
        javascript('neural-ode arrays', 'float64', 'ours', () => solveArrays(problem)),
        javascript('neural-ode tfjs wasm', 'float32', 'ours', () => solveTensors(problem, 'wasm'), shared),
        javascript('neural-ode tfjs cpu', 'float32', 'ours', () => solveTensors(problem, 'cpu'), shared),
        ...dtypes.flatMap((dtype) => [
          floor({ program: 'van_der_pol', dtype, defines: ['-DSTARTS=1024'] }),
          floor({ program: 'van_der_pol', dtype, defines: ['-DNB=1024'], variant: shared }),
        ]),
        ...npmSolvers(problem),
        ...(['torchdiffeq', 'torch-ACA'] as const).map((method) => torch(method, () => solveJson(problem), shared)),
      ];
    },
  },
  {
    name: 'three-body',
    title: 'gradient of three masses, 100 observations on [0, 1], Dopri5, rtol = atol = 1e-5',
    // What 1e-5 gives: the C floor in double precision differs by 0.024.
    closeness: 0.05,
    reference: (places) => threeBodyAt(places).reference,
    entries(places) {
      const { problem, file } = threeBodyAt(places);
      return [
        ...ourGradients(problem),
        floor({ program: 'three_body', dtype: 'float64', input: () => file }),
        floor({ program: 'three_body', dtype: 'float32', input: () => file }),
        ...torchGradients(() => problem.json()),
      ];
    },
  },
  {
    name: 'mlp-2-50-2',
    title: 'gradient of a network 2-50-2 on y^3, batch 20, 10 times, Dopri5, rtol 1e-4, atol 1e-5',
    closeness: 1e-4,
    reference: (places) => spiralAt(places).reference,
    entries(places) {
      const { mlp, file } = spiralAt(places);
      const problem = mlpProblem(mlp);
      const fast = ['-Ofast', '-mprefer-vector-width=512'];
      return [
        ...ourGradients(problem),
        ...dtypes.flatMap((dtype) => [
          floor({ program: 'mlp', dtype, input: () => file }),
          floor({ program: 'mlp', dtype, input: () => file, optimize: fast }),
        ]),
        ...torchGradients(() => problem.json()),
      ];
    },
  },
  networkCase('mlp-64-256-64-b128', '64-256-64, batch 128, 10 times, rtol 1e-4, atol 1e-5', () => wideMlp(128)),
  networkCase('mlp-64-256-64-b1024', '64-256-64, batch 1024, 10 times, rtol 1e-4, atol 1e-5', () => wideMlp(1024)),
  networkCase('latent', 'decoder 20-50-50-20, batch 50, 100 times, rtol 1e-3, atol 1e-4', latentMlp),
];

export const cases: readonly Case[] = [...solves, ...operationCases];

/** A network without a file or a floor: plain arrays are the reference. */
function networkCase(name: string, title: string, mlp: () => Mlp): Case {
  return {
    name,
    title: `gradient of a network ${title}, Dopri5`,
    // The others differ in how they interpolate, and one starts anew at each output.
    closeness: 1e-2,
    reference: () => gradient(mlp()),
    entries() {
      const problem = mlpProblem(mlp());
      return [
        ...ourGradients(problem),
        twoThreads('float32', () => gradientCompiled(problem, 'float32', 2)),
        ...torchGradients(() => problem.json()),
      ];
    },
  };
}

function twoThreads(dtype: Entry['dtype'], make: () => Promise<Runner>): Entry {
  return javascript(`neural-ode compiled ${dtype}, 2 threads`, dtype, 'ours', make, undefined, 2);
}

function ourGradients(problem: GradientProblem): Entry[] {
  return [
    ...dtypes.map((dtype) =>
      javascript(`neural-ode compiled ${dtype}`, dtype, 'ours', () => gradientCompiled(problem, dtype)),
    ),
    javascript('neural-ode arrays', 'float64', 'ours', () => gradientArrays(problem)),
    javascript('neural-ode tfjs wasm', 'float32', 'ours', () => gradientTensors(problem, 'wasm')),
    javascript('neural-ode tfjs cpu', 'float32', 'ours', () => gradientTensors(problem, 'cpu')),
  ];
}

function npmSolvers(problem: SolveProblem): Entry[] {
  return Object.entries({ odex, dopri, 'ode45-cash-karp': ode45CashKarp, mathjs }).map(([name, peer]) =>
    javascript(name, 'float64', 'peer', () => solvePeer(peer, problem)),
  );
}

function accurateEnds({ f, starts, t0, t1 }: SolveProblem): Float64Array {
  const options = { solver: 'dop853', rtol: 1e-12, atol: 1e-12 } as const;
  return Float64Array.from(starts.flatMap((y0) => [...(solve({ f, y0, t0, t1 }, options).ys[0] as Float64Array)]));
}

function solveJson({ starts, t0, t1, rtol, atol }: SolveProblem): object {
  return { kind: 'van-der-pol', starts, span: [t0, t1], rtol, atol };
}

function threeBodyAt({ floor }: Places) {
  return threeBody(join(floor, 'three_body.bin'));
}

function spiralAt({ floor }: Places) {
  return spiralMlp(join(floor, 'mlp_demo.bin'));
}
