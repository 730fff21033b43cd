import type { RecentAnswers } from '../recent-answers.ts';
import { tableName } from '../schema/table.ts';
import type { SqlClient } from '../sql.ts';
import { type CallOptions, type Deadline, runCall } from './calls.ts';
import { otelFieldNames, otelFieldOf, otelTime } from './otel-search.ts';
import {
  fieldValues,
  rankKeys,
  rankValues,
  type TagKeys,
  type TagPlace,
  type TagReader,
  type TagScope,
  type TagValues,
} from './tag-reader.ts';
import { type Sampling, sampleKeys, sampleValues, type TagSource } from './tag-sample.ts';
import { scopeKey, tagAnswers } from './tag-scope.ts';

/** Where the tables are, and how long a call may take. */
export interface OtelTagsOptions {
  readonly client: SqlClient;
  readonly database: string;
  /** Name of the traces table; `otel_traces` unless given. */
  readonly table?: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Time for one call, over all its statements; 3,000 ms unless given. */
  readonly timeoutMs?: number;
}

/** Tags out of the contrib exporter's table: a sample of spans, not always the newest. */
export function createOtelTags(options: OtelTagsOptions): TagReader {
  return new OtelTags(options);
}

class OtelTags implements TagReader {
  readonly #client: SqlClient;
  readonly #calls: CallOptions;
  readonly #source: TagSource;
  readonly #answers: RecentAnswers;

  constructor(options: OtelTagsOptions) {
    const { client, now, table = 'otel_traces', timeoutMs = 3_000 } = options;
    this.#client = client;
    this.#calls = { now, timeoutMs };
    this.#source = otelSource(tableName(options, table));
    this.#answers = tagAnswers(now);
  }

  keys(scope: TagScope): Promise<TagKeys> {
    return this.#answers.get(`keys ${scopeKey(scope)}`, () =>
      runCall(this.#calls, { keys: [], sampledSpans: 0 }, async (deadline) => {
        const { keys, spans } = await sampleKeys(this.#sampling(scope, deadline), scope);
        const found = new Map<string, { places: ReadonlySet<TagPlace>; spans: number }>(keys);
        for (const key of otelFieldNames) {
          if (!found.has(key)) found.set(key, { places: new Set<TagPlace>(['field']), spans: 0 });
        }
        return rankKeys(found, spans);
      }),
    );
  }

  async values(key: string, scope: TagScope, text: string): Promise<TagValues> {
    const name = JSON.stringify(['values', scopeKey(scope), key, text]);
    const none = { values: [], sampledSpans: 0, truncated: false };
    return this.#answers.get(name, () =>
      runCall(this.#calls, none, async (deadline) => {
        const field = otelFieldOf(key);
        const asked = { key, text, field };
        const { values, spans } = await sampleValues(this.#sampling(scope, deadline), scope, asked);
        for (const value of fieldValues.get(key) ?? []) values.set(value, values.get(value) ?? 0);
        return rankValues(values, text, spans);
      }),
    );
  }

  #sampling(scope: TagScope, deadline: Deadline): Sampling {
    const run: Sampling['run'] = (sql, bind, settings) => {
      const options = deadline();
      const all = { ...options.settings, ...settings };
      return this.#client.query(sql, { ...options, settings: all, params: bind.values });
    };
    const windows = [{ fromNs: scope.startNs, toNs: scope.endNs }];
    return { source: this.#source, run, windows, now: this.#calls.now, deadline };
  }
}

function otelSource(table: string): TagSource {
  const strings = { type: 'string' } as const;
  return {
    table,
    maps: [
      { ...strings, column: 'SpanAttributes', nested: false, place: 'span' },
      { ...strings, column: 'ResourceAttributes', nested: false, place: 'resource' },
      { ...strings, column: '`Events.Attributes`', nested: true, place: 'event' },
      { ...strings, column: '`Links.Attributes`', nested: true, place: 'link' },
    ],
    ids: [],
    eventNames: '`Events.Name`',
    time: (window) => otelTime(window),
    serviceColumn: 'ServiceName',
  };
}
