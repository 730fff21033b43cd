import type { HeaderChanges } from '../../component/extension.ts';
import type { Clock } from '../../component/settings.ts';
import type { Token } from './token.ts';

/** A token so close to its end is not used any more: the request takes time, too. */
const marginMs = 10_000;

/** After a renewal that failed the next one waits, as long as the old token serves. */
const pauseMs = 10_000;

/**
 * Keeps a token until `bufferMs` before its end, then renews it beside the requests, which go on
 * with the old one; they wait only when there is none that serves. One that lives shorter than
 * twice `bufferMs` is renewed at half its life.
 */
export class TokenCache {
  readonly #fetch: () => Promise<Token>;
  readonly #clock: Clock;
  readonly #bufferMs: number;
  readonly #failed: (error: Error) => void;
  #sent: HeaderChanges | undefined;
  #renewMs = 0;
  #endMs = 0;
  #running: Promise<HeaderChanges> | undefined;

  /** @param failed told when a token could not be renewed in time */
  constructor(
    fetch: () => Promise<Token>,
    clock: Clock,
    bufferMs: number,
    failed: (error: Error) => void,
  ) {
    this.#fetch = fetch;
    this.#clock = clock;
    this.#bufferMs = Math.max(0, bufferMs);
    this.#failed = failed;
  }

  /** @throws Error (rejects) when there is no token */
  headers(): HeaderChanges | Promise<HeaderChanges> {
    const now = this.#clock.monotonicMs();
    if (this.#sent !== undefined && now < this.#renewMs) return this.#sent;
    if (this.#sent === undefined || now >= this.#endMs) return this.#renew();
    const pending = this.#running === undefined;
    const renewed = this.#renew();
    if (pending) {
      renewed.catch((error: Error) => {
        this.#renewMs = this.#clock.monotonicMs() + pauseMs;
        this.#failed(error);
      });
    }
    return this.#sent;
  }

  #renew(): Promise<HeaderChanges> {
    this.#running ??= this.#take().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #take(): Promise<HeaderChanges> {
    const { authorization, livesMs } = await this.#fetch();
    const now = this.#clock.monotonicMs();
    const early = Math.min(this.#bufferMs, livesMs / 2);
    this.#sent = [['authorization', authorization]];
    this.#renewMs = livesMs === Number.POSITIVE_INFINITY ? livesMs : now + livesMs - early;
    this.#endMs = now + Math.max(livesMs / 2, livesMs - marginMs);
    return this.#sent;
  }
}
