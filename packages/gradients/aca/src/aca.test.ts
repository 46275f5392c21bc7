import { describeGradient } from '@neural-ode/testing';
import { aca } from './index.ts';

describeGradient('aca', aca, { of: 'replay' });
