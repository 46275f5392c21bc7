import { elementwise } from './elementwise.ts';
import type { Kernels } from './kernel.ts';
import { movements } from './movements.ts';
import { products } from './products.ts';
import { reductions } from './reductions.ts';

/** All operations of tfjs that a compiled field may use. */
export const kernels: Kernels = { ...elementwise, ...reductions, ...products, ...movements };
