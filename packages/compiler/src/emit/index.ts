export { type EmitMode, type EmitOptions, type EmittedField, emitField } from './emit-field.ts';
export type { Precision } from './precision.ts';
