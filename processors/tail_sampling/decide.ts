import type { Clock } from '../../component/settings.ts';
import { Decision, type Policy, type TraceData } from './policies/decision.ts';
import { Tally } from './telemetry.ts';

/** A policy with its name. */
export interface NamedPolicy {
  readonly name: string;
  readonly isDrop: boolean;
  readonly policy: Policy;
}

/** Asks the policies about a trace, and counts what they say. */
export class Decider {
  /** Those that drop come first: what they say counts before all. */
  readonly policies: readonly NamedPolicy[];
  readonly tally: Tally;
  /** Whether the size of each trace is wanted. */
  readonly countsBytes: boolean;
  /** Number of the policy that decided last, -1 = none. */
  decidedBy = -1;
  readonly #firstMatch: boolean;
  readonly #clock: Clock;
  readonly #failed: (error: Error) => void;

  constructor(
    policies: readonly NamedPolicy[],
    firstMatch: boolean,
    clock: Clock,
    failed: (error: Error) => void,
    countsBytes = false,
  ) {
    this.countsBytes = countsBytes;
    const drops = policies.filter(({ isDrop }) => isDrop);
    this.policies = [...drops, ...policies.filter(({ isDrop }) => !isDrop)];
    this.tally = new Tally(this.policies.length);
    this.#firstMatch = firstMatch;
    this.#clock = clock;
    this.#failed = failed;
  }

  /** What one policy says; {@link Decision.none} for an error. */
  #ask(number: number, trace: TraceData, startMs: number): number {
    const { tally } = this;
    let decision: number = Decision.none;
    try {
      decision = this.policies[number]!.policy.evaluate(trace);
    } catch (error) {
      tally.errors += 1;
      this.#failed(error as Error);
    }
    tally.executions[number]! += 1;
    this.#nowMs = this.#clock.monotonicMs();
    tally.executionMs[number]! += this.#nowMs - startMs;
    if (decision !== Decision.none) tally.add(number, decision, trace);
    return decision;
  }

  #nowMs = 0;

  /** Asks all policies: dropped counts before sampled, sampled before not sampled. */
  decide(trace: TraceData): number {
    this.#nowMs = this.#clock.monotonicMs();
    this.decidedBy = -1;
    let final: number = Decision.notSampled;
    for (let i = 0; i < this.policies.length; i += 1) {
      const decision = this.#ask(i, trace, this.#nowMs);
      if (decision === Decision.dropped) {
        final = decision;
        this.decidedBy = i;
        break;
      }
      if (decision !== Decision.sampled || final === Decision.sampled) continue;
      final = decision;
      this.decidedBy = i;
      if (this.#firstMatch) break;
    }
    this.tally.global[final]! += 1;
    return final;
  }

  /**
   * Asks about spans that just came: a decision that no later span can change, or
   * {@link Decision.none}.
   */
  decideEarly(trace: TraceData): number {
    this.#nowMs = this.#clock.monotonicMs();
    this.decidedBy = -1;
    let dropPending = false;
    for (let i = 0; i < this.policies.length; i += 1) {
      const { isDrop } = this.policies[i]!;
      if (!isDrop && dropPending) break;
      const decision = this.#ask(i, trace, this.#nowMs);
      if (decision === Decision.none) continue;
      if (decision === Decision.dropped) return this.#early(i, decision);
      // spans that are still to come may match what drops
      if (isDrop) dropPending = true;
      else if (decision === Decision.sampled) return this.#early(i, decision);
    }
    return Decision.none;
  }

  /** Counts a trace that no policy wanted when its spans came. */
  decideAgainst(): void {
    this.decidedBy = -1;
    this.tally.global[Decision.notSampled]! += 1;
  }

  #early(policy: number, decision: number): number {
    this.decidedBy = policy;
    this.tally.global[decision]! += 1;
    return decision;
  }
}
