import { ConnectionError, ErrorCode } from './constants.ts';

/**
 * Counts what a hostile peer makes us do for nothing.
 *
 * - Resets (rapid reset, CVE-2023-44487): a bucket of `burst` that refills by `perSecond`.
 * - Frames that move no work on (PING, SETTINGS, PRIORITY, empty DATA, unknown types): `idleFrames`
 *   since the last payload; every kilobyte of payload forgives one, every second ten.
 */
export interface GuardLimits {
  readonly resetBurst: number;
  readonly resetsPerSecond: number;
  readonly idleFrames: number;
}

export const defaultGuardLimits: GuardLimits = {
  resetBurst: 1000,
  resetsPerSecond: 33,
  idleFrames: 5000,
};

/** The counters behind {@link GuardLimits}; one for each connection. */
export class Guard {
  readonly #limits: GuardLimits;
  #resets = 0;
  #resetAtMs = 0;
  #idle = 0;
  #idleAtMs: number;
  readonly #nowMs: () => number;

  constructor(limits: GuardLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#idleAtMs = nowMs();
  }

  /** @throws ConnectionError ENHANCE_YOUR_CALM */
  reset(nowMs: number): void {
    const refill = ((nowMs - this.#resetAtMs) / 1000) * this.#limits.resetsPerSecond;
    this.#resets = Math.max(0, this.#resets - refill) + 1;
    this.#resetAtMs = nowMs;
    if (this.#resets > this.#limits.resetBurst) calm('too many streams were reset');
  }

  /** @throws ConnectionError ENHANCE_YOUR_CALM */
  idleFrame(): void {
    this.#idle += 1;
    if (this.#idle <= this.#limits.idleFrames) return;
    // an old connection that only pings has done nothing wrong
    const now = this.#nowMs();
    this.#idle = Math.max(0, this.#idle - (now - this.#idleAtMs) / 100);
    this.#idleAtMs = now;
    if (this.#idle > this.#limits.idleFrames) calm('too many frames without payload');
  }

  payload(bytes: number): void {
    if (this.#idle > 0) this.#idle = Math.max(0, this.#idle - bytes / 1024);
  }

  /** A whole request or answer came: the connection works. */
  work(): void {
    this.#idle = 0;
  }
}

function calm(message: string): never {
  throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, message);
}
