import type { Clock } from '../../../component/settings.ts';
import type { CompositeConfig } from '../config.ts';
import { Decision, type Policy, sampledIf, type TraceData } from './decision.ts';

/** A bucket of tokens that is full at the start and fills at a steady rate. */
class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #lastMs: number;

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#lastMs = nowMs;
  }

  /** Takes `count` tokens if they are there. */
  take(count: number, nowMs: number): boolean {
    const elapsed = Math.max(0, nowMs - this.#lastMs) / 1000;
    const filled = this.#tokens + (this.#perSecond > 0 ? elapsed * this.#perSecond : 0);
    const left = Math.min(this.#burst, filled) - count;
    if (count > this.#burst || (left < 0 && this.#waitNs(-left) > 0)) return false;
    this.#tokens = left;
    this.#lastMs = nowMs;
    return true;
  }

  /** Whole nanoseconds until `tokens` are there. */
  #waitNs(tokens: number): number {
    if (this.#perSecond <= 0) return Number.POSITIVE_INFINITY;
    return Math.floor((tokens / this.#perSecond) * 1e9);
  }
}

/** So many units a second; a trace takes as many as `unitsOf` says. */
function limiting(
  perSecond: number,
  burst: number,
  clock: Clock,
  unitsOf: (trace: TraceData) => number,
): Policy {
  const most = burst > 0 ? burst : perSecond * 2;
  const bucket = new TokenBucket(perSecond, most, clock.monotonicMs());
  return {
    stateful: true,
    evaluate: (trace) => sampledIf(bucket.take(unitsOf(trace), clock.monotonicMs())),
  };
}

/** Spans a second. */
export function rateLimiting(perSecond: number, burst: number, clock: Clock): Policy {
  return limiting(perSecond, burst, clock, (trace) => trace.spanCount);
}

/** Bytes a second, of the spans that are held. */
export function bytesLimiting(perSecond: number, burst: number, clock: Clock): Policy {
  return limiting(perSecond, burst, clock, (trace) => trace.view.encodedSize());
}

/** A policy inside a composite one. */
export interface SubPolicy {
  readonly name: string;
  readonly policy: Policy;
}

/** Spans a second that the configuration gives to a policy by name; 0 for those it leaves out. */
function allocation(config: CompositeConfig, name: string): number {
  const total = config.max_total_spans_per_second;
  const share = config.rate_allocation.findLast((one) => one.policy === name);
  if (share === undefined) return 0;
  const spans = share.percent > 0 ? (share.percent / 100) * total : total / subs(config);
  return Math.trunc(spans);
}

function subs(config: CompositeConfig): number {
  return config.composite_sub_policy.length;
}

/** The first policy that samples decides, within the spans of this second that it has. */
export function composite(
  config: CompositeConfig,
  members: readonly SubPolicy[],
  clock: Clock,
  chosen: (name: string) => void,
): Policy {
  const most = config.max_total_spans_per_second;
  const allowed = members.map(({ name }) => allocation(config, name));
  const taken = members.map(() => 0);
  let second = 0;
  return {
    stateful: members.some(({ policy }) => policy.stateful),
    evaluate(trace) {
      const now = Math.floor(clock.unixMs() / 1000);
      if (now !== second) {
        second = now;
        taken.fill(0);
      }
      for (let i = 0; i < members.length; i += 1) {
        if (members[i]!.policy.evaluate(trace) !== Decision.sampled) continue;
        const spans = taken[i]! + trace.spanCount;
        if (spans > allowed[i]! || spans > most) return Decision.notSampled;
        taken[i] = spans;
        chosen(members[i]!.name);
        return Decision.sampled;
      }
      return Decision.notSampled;
    },
  };
}
