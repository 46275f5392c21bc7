import { aca } from '../../gradients/aca/src/index.ts';
import { describeGradient } from './index.ts';

describeGradient('aca', aca, { of: 'replay' });

import { naive } from '../../gradients/naive/src/index.ts';

describeGradient('naive', naive, { of: 'search' });

import { direct } from '../../gradients/naive/src/index.ts';

describeGradient('direct', direct, { of: 'replay' });

import { adjoint } from '../../gradients/adjoint/src/index.ts';

describeGradient('adjoint', adjoint, { of: 'equation' });
