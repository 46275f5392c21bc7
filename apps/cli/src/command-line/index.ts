export { breathe, Interrupted, type Io, UsageError } from './io.ts';
export { median } from './median.ts';
export { checkWritable, writeWhole } from './output-file.ts';
