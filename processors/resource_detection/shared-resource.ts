import type { Timer } from '../../component/settings.ts';
import { detect, type Plan, type Tools } from './detection.ts';
import { type Found, nothing } from './found.ts';

/**
 * The detected resource, which the processors of several pipelines share: detection runs once for
 * all of them, and again in an interval while one of them runs.
 */
export class SharedResource {
  #found: Found = nothing;
  #users = 0;
  #started: Promise<void> | undefined;
  #timer: Timer | undefined;

  /** What was detected last. */
  get found(): Found {
    return this.#found;
  }

  /**
   * Detects unless another processor has.
   * @param intervalMs how often it is done again; 0 or less = never
   * @throws Error when a detector failed
   */
  async open(plan: Plan, tools: Tools, intervalMs: number): Promise<void> {
    this.#users += 1;
    this.#started ??= this.#start(plan, tools, intervalMs);
    await this.#started;
  }

  async #start(plan: Plan, tools: Tools, intervalMs: number): Promise<void> {
    const { found, error } = await detect(plan, tools);
    this.#found = found;
    if (error !== undefined) throw error;
    if (intervalMs > 0) this.#later(plan, tools, intervalMs);
  }

  #later(plan: Plan, tools: Tools, intervalMs: number): void {
    if (this.#users === 0) return;
    this.#timer = tools.clock.after(intervalMs, () => {
      void this.#refresh(plan, tools).finally(() => this.#later(plan, tools, intervalMs));
    });
  }

  async #refresh(plan: Plan, tools: Tools): Promise<void> {
    const { found, error } = await detect(plan, tools);
    if (error === undefined) this.#found = found;
    else {
      const text = 'resource refresh failed; keeping previous snapshot';
      tools.logger.warn(text, { error: error.message });
    }
  }

  /** One processor fewer. */
  close(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#timer?.cancel();
    this.#started = undefined;
  }
}
