import { Decision, type Policy, type TraceData } from './decision.ts';

function allSample(policies: readonly Policy[], trace: TraceData): boolean {
  for (const policy of policies) {
    if (policy.evaluate(trace) === Decision.notSampled) return false;
  }
  return true;
}

const anyStateful = (policies: readonly Policy[]) => policies.some(({ stateful }) => stateful);

/** Samples what all of the policies sample. */
export function and(policies: readonly Policy[]): Policy {
  return {
    stateful: anyStateful(policies),
    evaluate: (trace) => (allSample(policies, trace) ? Decision.sampled : Decision.notSampled),
  };
}

/** Drops what all of the policies sample. */
export function drop(policies: readonly Policy[]): Policy {
  return {
    stateful: anyStateful(policies),
    evaluate: (trace) => (allSample(policies, trace) ? Decision.dropped : Decision.notSampled),
  };
}

/** Samples what a policy does not sample. */
export function not(policy: Policy): Policy {
  return {
    stateful: policy.stateful,
    evaluate(trace) {
      const decision = policy.evaluate(trace);
      if (decision === Decision.sampled) return Decision.notSampled;
      return decision === Decision.notSampled ? Decision.sampled : decision;
    },
  };
}
