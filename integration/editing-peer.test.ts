/** Random configurations of processors that edit, over random items, beside the Go collector. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../testing/random.ts';
import { complete, testEnds } from './drop-in/lib/fragment.ts';
import { findPeer } from './drop-in/lib/peer.ts';
import { startInside, startProcess } from './drop-in/lib/run.ts';
import { play, type Scenario } from './drop-in/lib/scenario.ts';

type Json = Record<string, unknown>;

const runs = 6;

const texts = [
  'a',
  'GET /users/42/profile',
  'SELECT * FROM t1 WHERE id = 5',
  'card 4111111111111111!',
  'x@y.org, z@w.org',
  'one\ntwo',
  '',
  'naïve ünïcode 7',
  '{"a": [1, "b"]}',
  'SET key value',
  '/api/v1/items/123e4567-e89b-12d3-a456-426614174000?q=1',
];
const keys = ['k', 'l', 'm', 'db.statement', 'http.url', 'db.system', 'token.x', 'service.name'];

class Generator {
  readonly #random: ReturnType<typeof seededRandom>;

  constructor(seed: number) {
    this.#random = seededRandom(seed * 7919);
  }

  below(n: number): number {
    return Math.floor(this.#random.float() * n);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  some<T>(list: readonly T[]): T[] {
    return list.filter(() => this.below(3) === 0);
  }

  value(depth = 0): Json {
    const kind = this.below(depth > 1 ? 5 : 8);
    if (kind < 3) return { stringValue: this.pick(texts) };
    if (kind === 3) return { intValue: String(this.below(100)) };
    if (kind === 4) return this.pick<Json>([{ boolValue: true }, { doubleValue: 1.5 }, {}]);
    if (kind === 5) return { stringValue: this.pick(['mysql', 'redis', 'mongodb']) };
    const many = Array.from({ length: this.below(3) }, () => this.value(depth + 1));
    if (kind === 6) return { arrayValue: { values: many } };
    return { kvlistValue: { values: many.map((value, i) => ({ key: keys[i], value })) } };
  }

  attributes(): Json[] {
    return this.some(keys).map((key) => ({ key, value: this.value() }));
  }

  steps(): Scenario['steps'] {
    const times = { timeUnixNano: '1700000000000000000' };
    const group = (scopes: Json) => ({ resource: { attributes: this.attributes() }, ...scopes });
    const scope = (i: number, items: Json) => ({
      scope: { name: `lib${i % 2}`, attributes: this.attributes() },
      ...items,
    });
    const list = <T>(n: number, make: (i: number) => T) =>
      Array.from({ length: n }, (_, i) => make(i));
    const span = () => ({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: Buffer.from(this.#random.bytes(8)).toString('hex'),
      name: this.pick(texts) || 'named',
      kind: this.below(6),
      attributes: this.attributes(),
      events: list(this.below(3), () => ({ ...times, name: 'e', attributes: this.attributes() })),
      status: { code: this.below(3) },
    });
    const record = () => ({
      ...times,
      severityNumber: this.below(24),
      severityText: this.pick(['INFO', 'WARN', '']),
      body: this.value(),
      attributes: this.attributes(),
    });
    const point = () => ({ ...times, asInt: '5', attributes: this.attributes() });
    const metric = (i: number) => ({ name: `m${i % 2}`, gauge: { dataPoints: list(3, point) } });
    const traces = list(3, () =>
      group({ scopeSpans: list(2, (i) => scope(i, { spans: list(6, span) })) }),
    );
    const logs = list(3, () =>
      group({ scopeLogs: list(2, (i) => scope(i, { logRecords: list(6, record) })) }),
    );
    const metrics = list(3, () =>
      group({ scopeMetrics: list(2, (i) => scope(i, { metrics: list(3, metric) })) }),
    );
    return [
      { traces: { resourceSpans: traces } },
      { logs: { resourceLogs: logs } },
      { metrics: { resourceMetrics: metrics } },
    ];
  }

  #flag(): boolean {
    return this.below(2) === 0;
  }

  redaction(): Json {
    const kind = () => ({ enabled: this.#flag(), attributes: this.some(keys) });
    return {
      allow_all_keys: this.#flag(),
      allowed_keys: this.some(keys),
      ignored_keys: this.some(['k', 'l']),
      ignored_key_patterns: this.some(['^m', 'url$']),
      blocked_key_patterns: this.some(['token', 'l']),
      // one pattern: the Go collector takes several in any order
      blocked_values: [this.pick(['[0-9]{3,}', '[a-z]+@[a-z.]+', '^$', 'e'])],
      allowed_values: this.some(['^one', 'ünï']),
      redact_all_types: this.#flag(),
      hash_function: this.pick(['', 'md5', 'sha1', 'sha3']),
      summary: this.pick(['debug', 'info', 'silent', '']),
      url_sanitizer: { enabled: this.#flag(), attributes: this.some(keys) },
      db_sanitizer: { redis: kind(), mongo: kind(), memcached: kind(), es: kind() },
    };
  }

  #conditions(): Json {
    const type = this.pick(['strict', 'regexp']);
    const given: Json = { match_type: type };
    if (this.#flag()) given.services = this.some(['a', 'mysql', '^S']).concat('x');
    if (this.#flag()) given.span_names = this.some(texts.slice(0, 4)).concat('named');
    if (this.#flag()) given.span_kinds = ['SPAN_KIND_SERVER', 'SPAN_KIND_CLIENT'];
    if (this.#flag()) given.attributes = [{ key: this.pick(keys), value: 'a' }];
    if (this.#flag()) given.resources = [{ key: this.pick(keys) }];
    given.libraries = this.#flag() ? [{ name: 'lib0' }] : [{ name: 'lib1' }];
    return given;
  }

  span(): Json {
    const given: Json = { status: { code: this.pick(['Ok', 'Error', 'Unset']) } };
    const rules = this.some(['^(?P<verb>[A-Z]+) (?P<rest>.*)$', '(?P<num>[0-9]+)', 'ü(?P<u>.)ï']);
    given.name = {
      from_attributes: this.some(keys).slice(0, 2),
      separator: this.pick(['', '-']),
      to_attributes: { rules, break_after_match: this.#flag(), keep_original_name: this.#flag() },
    };
    if (this.#flag()) given.include = this.#conditions();
    if (this.#flag()) given.exclude = this.#conditions();
    return given;
  }

  groupbyattrs(): Json {
    return { keys: this.some(keys) };
  }
}

const processors = [
  { type: 'redaction', signals: 'traces logs metrics' },
  { type: 'span', signals: 'traces' },
  { type: 'groupbyattrs', signals: 'traces logs metrics' },
] as const;

for (const { type, signals } of processors) {
  for (let seed = 1; seed <= runs; seed += 1) {
    test(`${type}: random configuration ${seed}`, async (t) => {
      const peer = findPeer();
      if (peer === undefined) {
        t.skip('PEERS_DIR holds no Go collector');
        return;
      }
      const generator = new Generator(seed);
      const config = JSON.stringify(generator[type]()).replaceAll('$', '$$$$');
      t.diagnostic(config);
      const text = `# signals: ${signals}\nprocessors: {${type}: ${config}}\n`;
      const scenario: Scenario = {
        name: `${type} ${seed}`,
        folder: '',
        component: `processor-${type}`,
        config: complete(text, testEnds),
        steps: generator.steps().slice(0, signals.split(' ').length),
        ignored: new Set(),
        settleMs: 50,
        alone: '',
        gates: '',
        env: {},
      };
      const theirs = await play(scenario, (yaml, env) => startProcess([peer], yaml, env));
      assert.ok(theirs.output.traces.length > 0);
      assert.deepEqual(await play(scenario, startInside), theirs);
    });
  }
}
