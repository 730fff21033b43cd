import { ErrorCode } from './http2/constants.ts';
import type { ServerConnection } from './server-connection.ts';

/** Keepalive of a server, all in milliseconds; the meaning and defaults are those of grpc-go. */
export interface KeepaliveOptions {
  /** A connection without calls for so long is told to go. */
  readonly maxConnectionIdleMs: number;
  /** A connection this old is told to go, give or take 10 %. */
  readonly maxConnectionAgeMs: number;
  /** After that its calls have so long to end. */
  readonly maxConnectionAgeGraceMs: number;
  /** A client that is silent for so long is sent a PING, */
  readonly timeMs: number;
  /** and is given up when it does not answer in so long. */
  readonly timeoutMs: number;
  /** A client that sends PINGs more often is told to go. */
  readonly minTimeMs: number;
  /** Whether clients may send PINGs while they have no call. */
  readonly permitWithoutStream: boolean;
}

/** The defaults of grpc-go's servers (keepalive.ServerParameters, EnforcementPolicy). */
export const defaultKeepalive: KeepaliveOptions = {
  maxConnectionIdleMs: Number.POSITIVE_INFINITY,
  maxConnectionAgeMs: Number.POSITIVE_INFINITY,
  maxConnectionAgeGraceMs: Number.POSITIVE_INFINITY,
  timeMs: 7_200_000,
  timeoutMs: 20_000,
  minTimeMs: 300_000,
  permitWithoutStream: false,
};

/** PINGs that come too soon before a client is told to go. */
const maxStrikes = 2;
const withoutStreamMs = 7_200_000;
const payload = new Uint8Array(8);

/** What a sweep decides. */
export type Verdict = 'keep' | 'destroy';

/** Keepalive of one connection; `sweep` is called about once a second. */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  readonly #connection: ServerConnection;
  readonly #retireMs: number;
  #lastPingMs = Number.NEGATIVE_INFINITY;
  #strikes = 0;
  #heardMs: number;
  #awaitingMs = Number.POSITIVE_INFINITY;
  #drainedMs = Number.POSITIVE_INFINITY;

  /** @param jitter in [0, 1): spreads connections of one age */
  constructor(options: KeepaliveOptions, connection: ServerConnection, jitter: number) {
    this.#options = options;
    this.#connection = connection;
    this.#heardMs = connection.activeMs;
    this.#retireMs = connection.activeMs + options.maxConnectionAgeMs * (0.9 + 0.2 * jitter);
  }

  /** Bytes came from the client. */
  heard(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#awaitingMs = Number.POSITIVE_INFINITY;
  }

  /** An answer was sent: PINGs are forgiven. */
  answered(): void {
    this.#lastPingMs = Number.NEGATIVE_INFINITY;
    this.#strikes = 0;
  }

  acknowledged(): void {
    this.#awaitingMs = Number.POSITIVE_INFINITY;
  }

  pinged(nowMs: number): void {
    const { minTimeMs, permitWithoutStream } = this.#options;
    const busy = this.#connection.open > 0;
    const least = busy || permitWithoutStream ? minTimeMs : withoutStreamMs;
    if (nowMs - this.#lastPingMs < least) this.#strikes += 1;
    this.#lastPingMs = nowMs;
    if (this.#strikes <= maxStrikes) return;
    this.#connection.http2.fail(ErrorCode.ENHANCE_YOUR_CALM, 'too_many_pings');
  }

  sweep(nowMs: number): Verdict {
    const o = this.#options;
    const { http2, open, activeMs } = this.#connection;
    const idle = open === 0 && nowMs - activeMs >= o.maxConnectionIdleMs;
    if (this.#drainedMs === Number.POSITIVE_INFINITY && (idle || nowMs >= this.#retireMs)) {
      this.#drainedMs = nowMs;
      http2.drain(ErrorCode.NO_ERROR, idle ? 'max_idle' : 'max_age');
    }
    if (http2.draining && open === 0) return 'destroy';
    if (nowMs - this.#drainedMs >= o.maxConnectionAgeGraceMs) return 'destroy';
    if (nowMs - this.#awaitingMs >= o.timeoutMs) return 'destroy';
    if (this.#awaitingMs === Number.POSITIVE_INFINITY && nowMs - this.#heardMs >= o.timeMs) {
      this.#awaitingMs = nowMs;
      http2.ping(payload);
    }
    return 'keep';
  }
}
