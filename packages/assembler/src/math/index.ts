export type { FloatShape } from './float-lanes.ts';
export {
  type BinaryMath,
  binaryMath,
  isMath,
  type MathName,
  mathArity,
  mathArray,
  mathFunction,
  mathInline,
  type UnaryMath,
  unaryMath,
} from './math.ts';
