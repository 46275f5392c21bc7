import { checkOptions } from '@neural-ode/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { neuralOde } from './ode-block.ts';
import { type OdeOptions, odeOptionNames } from './ode-options.ts';
import { basicBlock, chain } from './residual-blocks.ts';
import { type ResidualNetworkOptions, residualNetwork } from './residual-network.ts';

const networkOptionNames = ['classes', 'width', 'inputShape', 'seed'];

/** Options of {@link node18}: by default solver `'heunEuler'`, rtol and atol 1e-2. */
export interface Node18Options extends ResidualNetworkOptions, OdeOptions {}

/**
 * NODE18: an 18-layer residual network for images, the second block of each stage being an ODE block on [0, 1] with the field
 * f(t, y) = ReLU(BN(conv(ReLU(BN(conv y))))), all convolutions 3 x 3. It has as many parameters as {@link resnet18}: 11,173,962
 * with 10 classes.
 *
 * Zhuang et al. 2020, arXiv:2006.02493, section 4.2.
 *
 * @returns a model from images `[batch, height, width, channels]` to logits `[batch, classes]`
 * @throws InvalidInputError, RegistryError for an option that is unusable
 */
export function node18(options: Node18Options): LayersModel {
  checkOptions(options, [...networkOptionNames, ...odeOptionNames]);
  const given = Object.fromEntries(odeOptionNames.flatMap((name) => (name in options ? [[name, options[name]]] : [])));
  const ode = { solver: 'heunEuler', gradient: 'aca', rtol: 1e-2, atol: 1e-2, ...given } as const;
  return residualNetwork('node18', options, (make, stage, x, filters) => {
    const name = `${stage}_ode`;
    const f = [
      ...make.normalised(`${name}_1`, filters, 3, 1, true),
      ...make.normalised(`${name}_2`, filters, 3, 1, true),
    ];
    return chain(x, [neuralOde({ name, f, ...ode })]);
  });
}

/**
 * The residual network of 18 layers for small images, beside {@link node18}: its first convolution is 3 x 3, and no pooling
 * follows it.
 *
 * He, Zhang, Ren & Sun 2016, arXiv:1512.03385, table 1 and section 4.2.
 *
 * @returns as {@link node18}
 * @throws InvalidInputError for an option that is unusable
 */
export function resnet18(options: ResidualNetworkOptions): LayersModel {
  checkOptions(options, networkOptionNames);
  return residualNetwork('resnet18', options, (make, stage, x, filters) =>
    basicBlock(make, `${stage}_block2`, x, filters, 1),
  );
}
