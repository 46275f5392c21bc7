import type { FunctionBuilder, Local, Operand, Value } from '@neural-ode/assembler';
import type { SlopeProgram } from '../graph/graph.ts';
import { costOf } from './cost.ts';
import { accessOf, emitFormulas } from './emit-formulas.ts';
import { expressionsOf, type Load } from './evaluator.ts';
import type { Expression, Expressions } from './expression.ts';
import { layoutOf } from './layout.ts';
import { addressOf, type Base, type Target } from './target.ts';
import { unrolledOf } from './unroll.ts';

/** States of more components are better handled as vectors. */
const mostComponents = 8;
/** A step that costs more additions would make too much straight code. */
const largestCost = 3000;

/** A step of an explicit Runge-Kutta method, to be written into the body of a function. */
export interface StepJob {
  readonly h: Local<'f64'>;
  /** Rows of the method's stages, the first being empty; its weights, absent where the last stage's input is y1. */
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[] | undefined;
  /** Rows of error estimates: weights of the stages' slopes. */
  readonly errorRows: readonly (readonly number[])[];
  /** t at a stage. */
  readonly time: (stage: number) => Operand<'f64'>;
  /** Where y0, y1, the stages' slopes (the first is read, the others are written) and the tolerances lie. */
  readonly y0: Base;
  readonly y1: Base;
  readonly slope: (stage: number) => Base;
  readonly parameters: Base;
  readonly rtol: Base;
  readonly atol: Base;
}

/** Writes a step; for each error estimate the sum of the squares of error / (atol + rtol max(|y0|, |y1|)). */
export type StraightStep = (f: FunctionBuilder, job: StepJob) => Local<'f64'>[];

/** A number that the formulas read, or compute from h, in the element's type. */
type Leaf = { readonly base: Base; readonly n: number } | { readonly compute: () => Operand<'f64'> };

/**
 * How to write whole steps of a field as one piece of straight code, in which no state goes through memory between the
 * stages.
 *
 * @param stages how many the longest step is
 * @returns undefined where the field is too large for it
 */
export function straightStep(target: Target, program: SlopeProgram, stages: number): StraightStep | undefined {
  const { element } = target;
  const { values, leaves, make } = unrolledOf(program, element);
  const slopes = program.outputs.slope.flatMap((node) => values.get(node)!);
  const formulas = expressionsOf(slopes);
  const cost = formulas.reduce((sum, formula) => sum + costOf(formula), 2 * slopes.length * stages);
  if (slopes.length > mostComponents || cost * stages > largestCost) return undefined;
  const places = layoutOf(program);

  return (f, job) => {
    const access = accessOf(target, f);
    const known = leaves.length;
    const own: Leaf[] = [];
    const ownLeaf = (leaf: Leaf) => make.leaf(known + own.push(leaf) - 1);
    const vector = (base: Base) => slopes.map((_, n) => ownLeaf({ base, n }));
    const number = (compute: () => Operand<'f64'>) => ownLeaf({ compute });

    const y0 = vector(job.y0);
    const k: (readonly Expression[])[] = [vector(job.slope(0))];
    const combined = (start: readonly Expression[] | undefined, row: readonly number[]) => {
      const terms = row.flatMap((weight, j) =>
        weight === 0 ? [] : [{ coefficient: number(() => f.f64.mul(job.h, weight)), slope: k[j]! }],
      );
      return slopes.map(
        (_, n) =>
          terms.reduce<Expression | undefined>((sum, { coefficient, slope }) => {
            const term = make.binary('mul', coefficient, slope[n]!);
            return sum ? make.binary('add', sum, term) : term;
          }, start?.[n])!,
      );
    };
    let input = y0;
    for (const [i, row] of job.a.entries()) {
      if (i === 0) continue;
      input = combined(y0, row) as typeof y0;
      k.push(
        slopesAt(
          number(() => job.time(i)),
          input,
        ),
      );
    }
    const y1 = job.b ? combined(y0, job.b) : input;
    const [rtol, atol] = [vector(job.rtol), vector(job.atol)];
    const [zero, infinity] = [make.constant(0), make.constant(Number.POSITIVE_INFINITY)];
    const ratios = job.errorRows.map((row) =>
      combined(undefined, row).map((error, n) => {
        const larger = make.binary('max', make.unary('abs', y1[n]!), make.unary('abs', y0[n]!));
        const scale = make.binary('add', make.binary('mul', rtol[n]!, larger), atol[n]!);
        // A component without error counts as zero, even where its scale is zero.
        const ratio = make.select(make.binary('notEqual', error, zero), make.binary('div', error, scale), zero);
        // An infinite scale, of a state that overflowed, makes it infinite.
        return make.select(make.binary('less', scale, infinity), ratio, infinity);
      }),
    );

    const load: Load = (leaf, how) => {
      const { input: of, n } = leaves[leaf] ?? {};
      const mine = own[leaf - known] ?? { base: job.parameters, n: places.offset(of!) + n! };
      if ('compute' in mine) return access.double(asValue(f, mine.compute()), how);
      return access.load(addressOf(mine.base), mine.base.address + mine.n * element.size, how);
    };
    const at = (leaf: number) => own[leaf - known];
    const adjacent = (leaf: number, next: number) => {
      const [first, second] = [at(leaf), at(next)];
      return first && second && 'base' in first && 'base' in second && first.base === second.base
        ? first.n + 1 === second.n
        : false;
    };

    const stored = [...k.slice(1).map((run, n) => ({ run, base: job.slope(n + 1) })), { run: y1, base: job.y1 }];
    const runs = [...stored.map(({ run }) => run), ...ratios.map((run) => run)];
    const sums = ratios.map(() => f.let(f.f64.const(0)));
    const vectors = f[element.vector];
    const size = slopes.length;
    emitFormulas(target, f, { make, runs, load, adjacent }, (index, wide, take) => {
      const run = Math.floor(index / size);
      const place = stored[run];
      if (place) {
        access.store(place.base, place.base.address + (index % size) * element.size, wide, take);
        return;
      }
      const sum = sums[run - stored.length]!;
      f.scope(() => {
        const ratio = f.let(take() as Value);
        for (const lane of wide ? [0, 1] : [undefined]) {
          const one: Value | Local = lane === undefined ? ratio : vectors.extractLane(ratio as Local<'v128'>, lane);
          const double = f.let(element.type === 'f32' ? f.f64.promoteF32(one as Value<'f32'>) : (one as Value<'f64'>));
          f.set(sum, f.f64.add(sum, f.f64.mul(double, double)));
        }
      });
    });
    return sums;

    /** The field's formulas at other times and states. */
    function slopesAt(time: Expression, y: readonly Expression[]): readonly Expression[] {
      return substituted(make, formulas, slopes, (leaf) => {
        const { input: of, n } = leaves[leaf]!;
        if (of.role === 't') return time;
        return of.role === 'y' ? y[places.offset(of) + n] : undefined;
      });
    }
  };
}

/** Formulas with other things in place of some leaves. */
function substituted(
  make: Expressions,
  formulas: readonly Expression[],
  roots: readonly Expression[],
  instead: (leaf: number) => Expression | undefined,
): readonly Expression[] {
  const become = new Map<Expression, Expression>();
  for (const formula of formulas) {
    const other = formula.op === 'leaf' ? instead(formula.leaf) : undefined;
    become.set(formula, other ?? make.again(formula, become));
  }
  return roots.map((root) => become.get(root)!);
}

function asValue(f: FunctionBuilder, operand: Operand<'f64'>): Value<'f64'> {
  if (typeof operand === 'number') return f.f64.const(operand);
  return 'live' in operand ? f.get(operand) : operand;
}
