import type { Tableau } from '@neural-ode/tableaux';

/** An explicit tableau, taken apart for the emitters: the extra stages of the dense output follow the method's own. */
export interface StepPlan {
  readonly tableau: Tableau;
  /** Stages of the method, and with the extra ones. */
  readonly stages: number;
  readonly allStages: number;
  readonly a: readonly (readonly number[])[];
  readonly c: readonly number[];
  /** The error rows: none, one, or two that are blended. */
  readonly errorRows: readonly (readonly number[])[];
  /** The stage that is f(t1, y1), so that the next step can start with it; -1 for none. */
  readonly endStage: number;
  /** Whether that is the method's own last stage: its input is then the new state. */
  readonly firstSameAsLast: boolean;
  /** For each kind of heads, the stages that the step's vector-Jacobian product visits, last first. */
  readonly visited: readonly (readonly number[])[];
  /**
   * Likewise while steps are walked backwards one after the other, without and with outputs: where a step's last stage is
   * the first of the next one, that slope is differentiated once, as the last.
   */
  readonly walked: readonly (readonly number[])[];
}

/** What a step's cotangents hold besides that of y1, as bits: the index into `visited`. */
export const withOutputs = 1;
export const withError = 2;

/** Takes an explicit tableau apart. */
export function stepPlan(tableau: Tableau): StepPlan {
  const { stages, dense, b, bError, bErrorLow } = tableau;
  const a = [...tableau.a, ...dense.extra.a];
  const c = [...tableau.c, ...dense.extra.c];
  const errorRows = [bError, bErrorLow].flatMap((row) => (row ? [row] : []));
  const endStage = a.findIndex(
    (row, i) => i >= stages - 1 && c[i] === 1 && row.every((value, j) => value === (b[j] ?? 0)),
  );
  const firstSameAsLast = endStage === stages - 1;
  const visits = (kind: number, chained: boolean) => {
    const stagesOf: number[] = [];
    for (let i = a.length - 1; i >= (chained ? 1 : 0); i--) {
      const isHead =
        (b[i] ?? 0) !== 0 ||
        (chained && i === endStage) ||
        ((kind & withOutputs) !== 0 && (dense.weights[i]?.some((weight) => weight !== 0) ?? false)) ||
        ((kind & withError) !== 0 && errorRows.some((row) => (row[i] ?? 0) !== 0));
      if (isHead || stagesOf.some((j) => (a[j]?.[i] ?? 0) !== 0)) stagesOf.push(i);
    }
    return stagesOf;
  };
  return {
    tableau,
    stages,
    allStages: a.length,
    a,
    c,
    errorRows,
    endStage,
    firstSameAsLast,
    visited: [0, withOutputs, withError, withOutputs | withError].map((kind) => visits(kind, false)),
    walked: [0, withOutputs].map((kind) => visits(kind, firstSameAsLast)),
  };
}

/** How far a step is recomputed while it is walked: so many inputs and slopes; whether the last stage's input is stored. */
export function walkSizes(
  plan: StepPlan,
  kind: number,
): { readonly inputs: number; readonly slopes: number; readonly fromNext: boolean } {
  const last = plan.walked[kind]?.[0] ?? 0;
  const fromNext = plan.firstSameAsLast && last === plan.endStage;
  const inputs = fromNext ? last : last + 1;
  return { inputs, slopes: inputs - 1, fromNext };
}
