import { encodeValue } from '../../pdata/builder.ts';
import { AttributeKey } from '../../pdata/readers.ts';
import type { Mark } from '../../pipeline/traces/outgoing.ts';

const policyKey = new AttributeKey('tailsampling.policy');
const compositeKey = new AttributeKey('tailsampling.composite_policy');
const cachedKey = new AttributeKey('tailsampling.cached_decision');
const yes = encodeValue(true);

/**
 * What is written into the scopes of sampled traces where the feature gate
 * processor.tailsamplingprocessor.recordpolicy is on: which policy decided.
 */
export class Recorder {
  readonly #names: readonly string[];
  /** Member of a composite policy that sampled the trace that is decided, '' = none. */
  #member = '';

  /** @param names of the policies, in the order in which they are asked */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Notes which member of a composite policy samples the trace that is decided. */
  chosen(member: string): void {
    this.#member = member;
  }

  /** Marks for the trace that policy number `policy` sampled. */
  decided(policy: number): Mark[] {
    const marks = this.#policy(policy);
    if (this.#member !== '') {
      marks.unshift({ key: compositeKey, value: encodeValue(this.#member) });
      this.#member = '';
    }
    return marks;
  }

  /** Marks for spans that came after their trace was sampled by policy number `policy`. */
  late(policy: number): Mark[] {
    return [...this.#policy(policy), { key: cachedKey, value: yes }];
  }

  /** Forgets what was noted of a trace that was not sampled. */
  clear(): void {
    this.#member = '';
  }

  #policy(policy: number): Mark[] {
    const name = this.#names[policy] ?? '';
    return name === '' ? [] : [{ key: policyKey, value: encodeValue(name) }];
  }
}
