import { expressionsOf } from './evaluator.ts';
import type { BinaryExpression, Expression, Expressions } from './expression.ts';

interface Term {
  readonly expression: Expression;
  readonly minus: boolean;
}

/**
 * Takes common factors out of sums: c a + c b = c (a + b), which rounds once less. Where c is infinite, the NaN of an
 * infinity minus another one becomes an infinity; where a + b overflows and c a + c b did not, the sum becomes infinite.
 */
export function factored(roots: readonly Expression[], make: Expressions, sight: Sight): readonly Expression[] {
  const order = expressionsOf(roots);
  const uses = new Map<Expression, number>();
  for (const root of roots) uses.set(root, (uses.get(root) ?? 0) + 1);
  for (const { inputs } of order) for (const input of inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
  const products = new Products(make, sight);

  /** The sum of the terms with common factors taken out; undefined where there are none. */
  const factor = (terms: readonly Term[]): Expression | undefined => {
    const factors = terms.map(({ expression }) => products.factorsOf(expression));
    const counts = new Map<Expression, number>();
    for (const list of factors) for (const one of new Set(list)) counts.set(one, (counts.get(one) ?? 0) + 1);
    let common: Expression | undefined;
    for (const [one, count] of counts) if (count > (common ? counts.get(common)! : 1)) common = one;
    if (!common) return undefined;
    // All that these terms share goes out at once, as one product.
    const taken = factors.filter((list) => list.includes(common)).reduce(intersection);
    const inside: Term[] = [];
    const outside: Term[] = [];
    terms.forEach((term, n) => {
      if (!factors[n]!.includes(common)) outside.push(term);
      else inside.push({ ...term, expression: products.without(term.expression, [...taken]) });
    });
    const product = make.binary('mul', make.join('mul', taken), factor(inside) ?? sum(inside, make));
    return outside.length === 0 ? product : make.binary('add', product, factor(outside) ?? sum(outside, make));
  };

  const done = new Map<Expression, Expression>();
  // What is opened where a sum reads it.
  const inner = new Set<Expression>();
  for (const expression of order.toReversed()) {
    const opens = isSum(expression) || (isNegation(expression) && inner.has(expression));
    for (const input of opens ? expression.inputs : []) if (uses.get(input) === 1) inner.add(input);
  }
  for (const expression of order) {
    const terms = isSum(expression) && !inner.has(expression) ? termsOf(expression, uses) : [];
    const renewed = terms.map((term) => ({ ...term, expression: done.get(term.expression)! }));
    const result = (terms.length > 1 && factor(renewed)) || make.again(expression, done);
    done.set(expression, result);
    if (uses.get(expression)! > 1) products.shared.add(result);
  }
  return roots.map((root) => done.get(root)!);
}

function isSum(expression: Expression): expression is BinaryExpression {
  return expression.op === 'binary' && (expression.f === 'add' || expression.f === 'sub');
}

function isNegation(expression: Expression): boolean {
  return expression.op === 'unary' && expression.f === 'neg';
}

/** What a sum adds up, through sums and negations that nothing else reads. */
function termsOf(sum: Expression, uses: ReadonlyMap<Expression, number>): Term[] {
  const terms: Term[] = [];
  const add = (expression: Expression, minus: boolean) => {
    const opened = expression === sum || uses.get(expression) === 1;
    const [a, b] = expression.inputs as readonly Expression[];
    if (opened && isSum(expression)) {
      add(a!, minus);
      add(b!, minus !== (expression.f === 'sub'));
    } else if (opened && isNegation(expression)) {
      add(a!, !minus);
    } else {
      terms.push({ expression, minus });
    }
  };
  add(sum, false);
  return terms;
}

/** Which factors a product shows. */
interface Sight {
  /** Whether products that others read too are looked into: it pays when all their readers find the factor. */
  readonly shared: boolean;
}

class Products {
  readonly #make: Expressions;
  readonly #sight: Sight;
  /** Products that several formulas read. */
  readonly shared = new Set<Expression>();

  constructor(make: Expressions, sight: Sight) {
    this.#make = make;
    this.#sight = sight;
  }

  /** The factors of a product; none where it is no product, since x + x y = x (1 + y) saves nothing. */
  factorsOf(expression: Expression, inner = false): Expression[] {
    if (this.#isOpen(expression)) {
      const within = inner || expression.op === 'binary';
      return (expression.inputs as readonly Expression[]).flatMap((input) => this.factorsOf(input, within));
    }
    return inner && expression.op !== 'constant' ? [expression] : [];
  }

  /** A product without the factors, which are taken out of their list; the others keep their order. */
  without(product: Expression, factors: Expression[]): Expression {
    if (!this.#isOpen(product)) {
      const place = factors.indexOf(product);
      if (place < 0) return product;
      factors.splice(place, 1);
      return this.#make.constant(1);
    }
    const [a, b] = product.inputs.map((input) => this.without(input, factors));
    return b ? this.#make.binary('mul', a!, b) : this.#make.unary('neg', a!);
  }

  #isOpen(expression: Expression): boolean {
    if (this.shared.has(expression) && !this.#sight.shared) return false;
    return (expression.op === 'binary' && expression.f === 'mul') || isNegation(expression);
  }
}

/** What both lists have, as often as both have it. */
function intersection(a: readonly Expression[], b: readonly Expression[]): Expression[] {
  const left = [...b];
  return a.filter((one) => {
    const place = left.indexOf(one);
    if (place >= 0) left.splice(place, 1);
    return place >= 0;
  });
}

function sum(terms: readonly Term[], make: Expressions): Expression {
  return make.sum(terms.map(({ expression, minus }) => (minus ? make.unary('neg', expression) : expression)));
}
