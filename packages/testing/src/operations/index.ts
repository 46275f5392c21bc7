export { between, type Input, type Operation, positive, real } from './operation.ts';
export { operations } from './operations.ts';
export { type Aspect, describeOperations, type OperationsAccess, type Skip } from './operations-contract.ts';
