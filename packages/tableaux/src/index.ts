export { bosh3 } from './bosh3.ts';
export { specOf } from './build-tableau.ts';
export { cashKarp } from './cash-karp.ts';
export { type ParsedCoefficient, parseCoefficient } from './coefficient.ts';
export { defineTableau, type SpecOf } from './define-tableau.ts';
export { dop853 } from './dop853.ts';
export { dopri5 } from './dopri5.ts';
export {
  type Conditions,
  doubleConditions,
  exactConditions,
  type Residual,
  type RightSide,
} from './elementary-weights.ts';
export { euler } from './euler.ts';
export { fehlberg21 } from './fehlberg21.ts';
export { fehlberg45 } from './fehlberg45.ts';
export { heun } from './heun.ts';
export { heunEuler } from './heun-euler.ts';
export { midpoint } from './midpoint.ts';
export { ralston } from './ralston.ts';
export { type Rational, toDouble } from './rational.ts';
export { rk4 } from './rk4.ts';
export { rk38 } from './rk38.ts';
export { ssprk3 } from './ssprk3.ts';
export type {
  Citation,
  Coefficient,
  Dense,
  DenseSpec,
  Row,
  Rows,
  Tableau,
  TableauSpec,
} from './tableau.ts';
export { TableauError, type TableauErrorCode, type TableauErrorDetails } from './tableau-error.ts';
export { type Tree, treesOfOrder, treesUpTo } from './tree.ts';
export { tsit5 } from './tsit5.ts';
export { verner65 } from './verner65.ts';
export { verner76 } from './verner76.ts';
export { verner87 } from './verner87.ts';
export { verner98 } from './verner98.ts';
