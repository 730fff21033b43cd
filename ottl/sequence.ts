import { OttlRuntimeError } from './errors.ts';
import type { Condition } from './index.ts';
import type { Place } from './place.ts';

/** What a failing statement or condition does: warn and go on, go on, or fail the batch. */
export type ErrorMode = 'ignore' | 'silent' | 'propagate';

/** Reads an error mode. @returns undefined for another text */
export function errorMode(text: string): ErrorMode | undefined {
  const lower = text.toLowerCase();
  return lower === 'ignore' || lower === 'silent' || lower === 'propagate' ? lower : undefined;
}

/** Where failures go that do not fail the batch. */
export interface Faults {
  /** @param text of the statement or condition */
  failed(text: string, error: OttlRuntimeError): void;
}

interface Failure {
  readonly error: string;
  count: number;
}

/** Gathers the failures of a batch: one line a text, however many items fail. */
export class FaultLog implements Faults {
  readonly #failures = new Map<string, Failure>();

  failed(text: string, error: OttlRuntimeError): void {
    const known = this.#failures.get(text);
    if (known === undefined) this.#failures.set(text, { error: error.message, count: 1 });
    else known.count += 1;
  }

  /** Gives what was gathered, and forgets it. */
  flush(report: (text: string, failure: Readonly<Failure>) => void): void {
    if (this.#failures.size === 0) return;
    for (const [text, failure] of this.#failures) report(text, failure);
    this.#failures.clear();
  }
}

/** Handles what a statement or condition threw. @throws it when it is not to be ignored */
export function handleFault(
  error: unknown,
  what: string,
  text: string,
  mode: ErrorMode,
  faults: Faults,
): void {
  if (!(error instanceof OttlRuntimeError)) throw error;
  if (mode === 'propagate')
    throw new OttlRuntimeError(`failed to ${what}: ${text}, ${error.message}`);
  if (mode === 'ignore') faults.failed(text, error);
}

/** True when one of the conditions holds; those that fail do not. */
export function anyCondition(
  conditions: readonly Condition[],
  mode: ErrorMode,
  faults: Faults,
): (place: Place) => boolean {
  return (place) => {
    for (const condition of conditions) {
      try {
        if (condition.test(place)) return true;
      } catch (error) {
        handleFault(error, 'eval condition', condition.text, mode, faults);
      }
    }
    return false;
  };
}
