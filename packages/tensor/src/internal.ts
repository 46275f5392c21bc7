// For @neural-ode/compiler, which treats trees and tfjs's engine as this package does. Not covered by version numbers.
export { customOp, gradients, offTape } from './engine.ts';
export { slopeLeaves } from './tensor-function.ts';
export { type FlatTree, flatten, unflatten } from './tree.ts';
