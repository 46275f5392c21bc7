/** Base of all errors this library throws on purpose. `code` is stable; the message is for people. */
export class NeuralOdeError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An argument or option is unusable: the message names it, its value, and what would do. */
export class InvalidInputError extends NeuralOdeError {
  /** The argument or option, as `'rtol'`. */
  readonly input: string;

  constructor(input: string, message: string) {
    super('invalid-input', message);
    this.input = input;
  }
}

/** The user's field returned something that is no slope of the state, or reads what cannot be differentiated. */
export class FieldError extends NeuralOdeError {
  /** Where the field was evaluated. */
  readonly t: number;

  constructor(t: number, message: string) {
    super('field', message);
    this.t = t;
  }
}

/** How a solve ended. */
export type Status = 'success' | 'max-steps' | 'step-too-small' | 'non-finite';

/** Why and where a solve stopped short. */
export interface Failure {
  readonly status: Exclude<Status, 'success'>;
  /** Time reached, and the size of the step that failed. */
  readonly t: number;
  readonly h: number;
  /** One sentence: what, where, the likely cause and the remedy. */
  readonly message: string;
}

/** A solve stopped short of its end. */
export class SolveError extends NeuralOdeError implements Failure {
  readonly status: Exclude<Status, 'success'>;
  readonly t: number;
  readonly h: number;

  constructor(failure: Failure) {
    super(failure.status, failure.message);
    this.status = failure.status;
    this.t = failure.t;
    this.h = failure.h;
  }
}

/** A name is not registered, or is taken by something else. */
export class RegistryError extends NeuralOdeError {
  constructor(message: string) {
    super('registry', message);
  }
}
