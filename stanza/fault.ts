/** A configuration of an operator that cannot be used. */
export class OperatorFault extends Error {
  /** Keys below the operator's own section that lead to the fault. */
  readonly path: readonly (string | number)[];
  constructor(message: string, path: readonly (string | number)[] = []) {
    super(message);
    this.name = 'OperatorFault';
    this.path = path;
  }
}

/** Runs a step of a build; what it throws becomes a fault at a key. */
export function at<T>(path: string | readonly (string | number)[], step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof OperatorFault) throw error;
    throw new OperatorFault((error as Error).message, typeof path === 'string' ? [path] : path);
  }
}

/** Runs the build of what lies below a section; the keys that lead there are put before its faults'. */
export function below<T>(keys: readonly (string | number)[], step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof OperatorFault)) throw error;
    throw new OperatorFault(error.message, [...keys, ...error.path]);
  }
}
