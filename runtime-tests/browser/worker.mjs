import { run } from '../suite.mjs';

postMessage(await run());
