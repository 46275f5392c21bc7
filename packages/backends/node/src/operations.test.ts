import { useBackend } from '@neural-ode/tensor';
import { describeOperations } from '@neural-ode/testing/operations';
import { test } from 'vitest';
import './register.ts';
import { missing } from './fixtures/tensorflow.ts';

if (missing === undefined) describeOperations('tensorflow', { start: () => useBackend('tensorflow') });
else test.skip(`the operations by libtensorflow: not here, ${missing}`);
