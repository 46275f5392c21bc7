export * from './all.ts'; // a generated list of explicit re-exports
export { specOf } from './build-tableau.ts';
export { type ParsedCoefficient, parseCoefficient } from './coefficient.ts';
export { defineTableau, type SpecOf } from './define-tableau.ts';
export { type OrderResidual, orderResiduals } from './order-residuals.ts';
export type { Rational } from './rational.ts';
export {
  type Complex,
  imaginaryStabilityInterval,
  realStabilityInterval,
  type StabilityFunction,
  stabilityFunction,
} from './stability.ts';
export type { Citation, Coefficient, Dense, DenseSpec, Row, Rows, Tableau, TableauSpec } from './tableau.ts';
export { TableauError, type TableauErrorCode, type TableauErrorDetails } from './tableau-error.ts';
export { type Tree, treesOfOrder, treesUpTo } from './tree.ts';
