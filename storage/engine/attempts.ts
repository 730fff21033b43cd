import { codes, EngineError } from './errors.ts';

/** One run of a statement, from the head of its request to its outcome. */
export class Attempt {
  readonly queryId: string;
  /** Comment that the statement starts with, by which the engine's process list shows it. */
  readonly tag: string;
  /** It is the gateway's own, not a client's. */
  readonly own: boolean;
  cancelled = false;
  readonly ended: Promise<void>;
  readonly whenCancelled: Promise<void>;
  #cancel: () => void = () => {};
  #end: () => void = () => {};
  #onCancel: (() => void) | undefined;

  constructor(queryId: string, tag: string, own: boolean) {
    this.queryId = queryId;
    this.tag = tag;
    this.own = own;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.whenCancelled = new Promise((resolve) => {
      this.#cancel = resolve;
    });
  }

  /** Throws EngineError 394 when the attempt was cancelled. */
  check(): void {
    if (this.cancelled) throw new EngineError(codes.cancelled, 'Query was cancelled');
  }

  /** What stops it while it is not in the engine (a body that is still coming in). */
  onCancel(stop: () => void): void {
    this.#onCancel = stop;
  }

  cancel(): void {
    this.cancelled = true;
    this.#cancel();
    this.#onCancel?.();
  }

  finish(): void {
    this.#end();
  }
}

/** Running attempts by query id. */
export class Attempts {
  readonly #running = new Map<string, Attempt>();
  #count = 0;

  /** Throws EngineError 216 when a statement with this id runs. */
  begin(queryId: string, own: boolean): Attempt {
    if (this.#running.has(queryId)) {
      throw new EngineError(
        codes.duplicateQueryId,
        `Query with id = ${queryId} is already running`,
      );
    }
    const attempt = new Attempt(queryId, `/*wq${++this.#count}*/`, own);
    this.#running.set(queryId, attempt);
    return attempt;
  }

  finish(attempt: Attempt): void {
    this.#running.delete(attempt.queryId);
    attempt.finish();
  }

  get(queryId: string): Attempt | undefined {
    return this.#running.get(queryId);
  }

  get size(): number {
    return this.#running.size;
  }
}
