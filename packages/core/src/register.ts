import { iController, piController, pidController } from './controller.ts';
import { register } from './registry.ts';

const owner = '@neural-ode/core';
register('controller', 'i', iController(), owner);
register('controller', 'pi', piController(), owner);
register('controller', 'pid', pidController(), owner);
