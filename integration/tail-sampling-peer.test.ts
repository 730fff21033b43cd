/** Random policies over random traces through the Go collector and through this program. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../testing/random.ts';
import { complete, testEnds } from './drop-in/lib/fragment.ts';
import { findPeer } from './drop-in/lib/peer.ts';
import { startInside, startProcess } from './drop-in/lib/run.ts';
import { play, type Scenario } from './drop-in/lib/scenario.ts';

type Json = Record<string, unknown>;

const runs = 12;
const traces = 150;

class Generator {
  readonly #random: ReturnType<typeof seededRandom>;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  below(n: number): number {
    return Math.floor(this.#random.float() * n);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  hex(bytes: number): string {
    return Buffer.from(this.#random.bytes(bytes)).toString('hex');
  }

  attributes(): Json[] {
    const values: Json[] = [
      { stringValue: this.pick(['', 'a', 'b', 'abc', 'x1']) },
      { intValue: String(this.below(20) - 5) },
      { boolValue: this.below(2) === 0 },
      { doubleValue: this.below(9) / 2 },
    ];
    return ['k', 'l', 'm'].flatMap((key) =>
      this.below(2) === 0 ? [] : [{ key, value: this.pick(values) }],
    );
  }

  span(traceId: string): Json {
    const start = 1_700_000_000_000 + this.below(3000);
    const span: Json = {
      traceId,
      spanId: this.hex(8),
      name: this.pick(['get', 'put', 'list']),
      kind: this.below(6),
      startTimeUnixNano: `${start}000000`,
      endTimeUnixNano: `${start + this.below(500)}${this.pick(['000000', '999999'])}`,
      attributes: this.attributes(),
      traceState: this.pick(['', 'v=1', 'v=2,w=x', 'v', ',w=x,']),
    };
    if (this.below(3) > 0) span.parentSpanId = this.hex(8);
    if (this.below(2) === 0) span.status = { code: this.below(3) };
    if (this.below(3) === 0) span.flags = this.below(512);
    if (this.below(4) === 0) span.events = [{ name: 'e', attributes: this.attributes() }];
    return span;
  }

  requests(): Json[] {
    const ids = Array.from({ length: traces }, () => this.hex(16));
    return Array.from({ length: 3 }, () => ({
      traces: {
        resourceSpans: Array.from({ length: 4 }, () => ({
          resource: { attributes: this.attributes() },
          scopeSpans: Array.from({ length: 2 }, (_, scope) => ({
            scope: { name: `lib${scope}` },
            spans: Array.from({ length: 20 }, () => this.span(this.pick(ids))),
          })),
        })),
      },
    }));
  }

  #leaf(name: string): Json {
    const key = this.pick(['k', 'l', 'm', 'n']);
    const inverted = { invert_match: this.below(3) === 0 };
    const kinds: Json[] = [
      { latency: { threshold_ms: this.below(600) } },
      { latency: { threshold_ms: this.below(300), upper_threshold_ms: 300 + this.below(900) } },
      {
        numeric_attribute: {
          key,
          min_value: this.below(9) - 4,
          max_value: 1 + this.below(9),
          ...inverted,
        },
      },
      { probabilistic: { sampling_percentage: this.below(100), hash_salt: this.pick(['', 'x']) } },
      { status_code: { status_codes: [this.pick(['OK', 'ERROR', 'UNSET'])] } },
      {
        string_attribute: {
          key,
          values: this.pick([['a'], ['', 'b'], ['abc', 'x1']]),
          ...inverted,
        },
      },
      {
        string_attribute: {
          key,
          values: this.pick([['^a'], ['[0-9]', 'c$'], ['^$']]),
          enabled_regex_matching: true,
          ...inverted,
        },
      },
      { span_count: { min_spans: this.below(4), max_spans: this.pick([0, 3, 6]) } },
      { trace_state: { key: this.pick(['v', 'w']), values: ['1', 'x'] } },
      { boolean_attribute: { key, value: this.below(2) === 0, ...inverted } },
      { trace_flags: {} },
      {
        ottl_condition: {
          error_mode: 'ignore',
          span: [`attributes["${key}"] == "a"`],
          spanevent: ['attributes["m"] == true'],
        },
      },
    ];
    const kind = this.pick(kinds);
    const type = Object.keys(kind)[0]!;
    return type === 'trace_flags' ? { name, type } : { name, type, ...kind };
  }

  #member(name: string): Json {
    if (this.below(3) > 0) return this.#leaf(name);
    return { name, type: 'not', not: { not_sub_policy: this.#leaf('inner') } };
  }

  #policy(name: string): Json {
    const members = Array.from({ length: 1 + this.below(2) }, (_, i) => this.#member(`m${i}`));
    switch (this.below(8)) {
      case 0:
        return { name, type: 'and', and: { and_sub_policy: members } };
      case 1:
        return { name, type: 'drop', drop: { drop_sub_policy: members } };
      case 2:
        return { name, type: 'not', not: { not_sub_policy: this.#leaf('inner') } };
      case 3: {
        const sub = [this.#leaf('a'), { name: 'b', type: 'and', and: { and_sub_policy: members } }];
        const rate_allocation = ['a', 'b'].map((policy) => ({ policy, percent: 50 }));
        const composite = { max_total_spans_per_second: 100_000, composite_sub_policy: sub };
        return { name, type: 'composite', composite: { ...composite, rate_allocation } };
      }
      default:
        return this.#leaf(name);
    }
  }

  processor(): Json {
    const policies = Array.from({ length: 1 + this.below(3) }, (_, i) => this.#policy(`p${i}`));
    return { decision_wait: '1h', sample_on_first_match: this.below(2) === 0, policies };
  }
}

for (let seed = 1; seed <= runs; seed += 1) {
  test(`tail_sampling: random policies ${seed}`, async (t) => {
    const peer = findPeer();
    if (peer === undefined) {
      t.skip('PEERS_DIR holds no Go collector');
      return;
    }
    const generator = new Generator(seed);
    const processor = JSON.stringify(generator.processor());
    t.diagnostic(processor);
    const text = `# signals: traces\nprocessors: {tail_sampling: ${processor}}\n`;
    const scenario: Scenario = {
      name: String(seed),
      folder: '',
      component: 'processor-tail_sampling',
      config: complete(text, testEnds),
      steps: generator.requests(),
      ignored: new Set(),
      settleMs: 50,
      alone: '',
      gates: '',
      env: {},
    };
    const theirs = await play(scenario, (config, env) => startProcess([peer], config, env));
    const ours = await play(scenario, startInside);
    const sampled = theirs.output.traces.length;
    t.diagnostic(`${sampled} spans of ${3 * 4 * 2 * 20} sampled`);
    assert.equal(ours.output.traces.length, sampled);
    assert.deepEqual(ours, theirs);
  });
}
