import { describeGradient } from '@neural-ode/testing';
import { direct, naive } from './index.ts';

describeGradient('direct', direct, { of: 'replay' });
describeGradient('naive', naive, { of: 'search', accuracy: 1e-6 });
