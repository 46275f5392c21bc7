export { BatchNorm, type BatchNormOptions, type BatchStatistics, batchNorm } from './batch-norm.ts';
export { GroupNorm, type GroupNormOptions, groupNorm } from './group-norm.ts';
export type { CallOptions, Layer, LayerOptions } from './layer.ts';
export { type Node18Options, node18, resnet18 } from './node18.ts';
export { neuralOde, OdeBlock, type OdeBlockOptions, type OdeBlockSolve, odeBlocks } from './ode-block.ts';
export type { OdeOptions } from './ode-options.ts';
export { plan } from './plan.ts';
export type { ResidualNetworkOptions } from './residual-network.ts';
export { crossEntropy, type TrainingStepGradient, trainingStepGradient } from './training-step-gradient.ts';
