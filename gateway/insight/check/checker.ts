import { Worker } from 'node:worker_threads';
import { type ConfigCheck, InsightError } from '../../../component/insight.ts';
import type { WorkerAnswer, WorkerData } from './worker.ts';

/** Characters of a text, at most. */
const maxLength = 262_144;

/** What a check may take before its thread is ended. */
export interface CheckLimits {
  readonly ms: number;
  /** Of the thread's heap. */
  readonly mebibytes: number;
}

const usualLimits: CheckLimits = { ms: 10_000, mebibytes: 192 };

/** How long a thread waits for another text before it ends. */
const idleMs = 30_000;

/**
 * Checks configuration texts in a thread of its own, so that no text can hold up the data, and
 * without the environment of the process. One at a time; the thread is there only while it is used.
 */
export class ConfigChecker {
  readonly #gates: () => string;
  readonly #limits: CheckLimits;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #busy = false;

  /** @param gates as for `--feature-gates` */
  constructor(gates: () => string, limits: CheckLimits = usualLimits) {
    this.#gates = gates;
    this.#limits = limits;
  }

  /** Rejects with InsightError for a text that is too large or takes too long, or while busy. */
  async check(text: string): Promise<ConfigCheck> {
    if (text.length > maxLength) {
      const message = `cannot check ${text.length} characters: the limit is ${maxLength}`;
      throw new InsightError('too_large', message);
    }
    if (this.#busy) throw new InsightError('busy', 'another configuration is being checked');
    this.#busy = true;
    clearTimeout(this.#idle);
    try {
      const answer = await this.#ask(text);
      if ('error' in answer) throw new Error(`cannot check the configuration: ${answer.error}`);
      this.#idle = setTimeout(() => this.close(), idleMs).unref();
      return answer.check;
    } catch (error) {
      this.close();
      throw error;
    } finally {
      this.#busy = false;
    }
  }

  close(): void {
    clearTimeout(this.#idle);
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  #ask(text: string): Promise<WorkerAnswer> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        worker.off('message', answered).off('error', failed).off('exit', ended);
        settle();
      };
      const answered = (answer: WorkerAnswer) => done(() => resolve(answer));
      const failed = (error: unknown) => done(() => reject(told(error)));
      const ended = () => failed(new Error('BUG: the check has ended'));
      const { ms } = this.#limits;
      const late = new InsightError('timeout', `no result within ${ms / 1000} s`);
      const timer = setTimeout(() => failed(late), ms);
      worker.on('message', answered).on('error', failed).on('exit', ended);
      worker.postMessage(text);
    });
  }

  #start(): Worker {
    const workerData: WorkerData = { gates: this.#gates() };
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData,
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.mebibytes },
    });
    worker.unref();
    return worker;
  }
}

function told(error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') return error;
  return new InsightError('too_large', 'the check of this text needs too much memory');
}
