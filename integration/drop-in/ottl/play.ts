import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../testing/ports.ts';
import type { Start } from '../lib/scenario.ts';
import { type Json, OtlpSink } from '../lib/sink.ts';
import type { Attributes, Group, Input } from './model.ts';

/** What a group's expressions gave: by input, by expression; JSON of the value, absent = it failed. */
export type Results = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

function anyValue(value: Input): Json {
  if (value === null) return {};
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return { intValue: String(value) };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  if ('double' in value) return { doubleValue: value.double };
  if ('int' in value) return { intValue: value.int };
  if ('bytes' in value) return { bytesValue: value.bytes };
  return { kvlistValue: { values: keyValues((value as { map: Attributes }).map) } };
}

function keyValues(attributes: Attributes): Json[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

/** A run of statements on the records of its name. */
interface Run {
  readonly name: string;
  readonly statements: readonly string[];
  readonly inputs: readonly Attributes[];
}

function runsOf(group: Group): Run[] {
  const { name, inputs } = group;
  const runs: Run[] = [];
  if (group.expressions !== undefined) {
    const statements = group.expressions.map((text, i) => `set(attributes["r${i}"], ${text})`);
    runs.push({ name, statements, inputs });
  }
  (group.statements ?? []).forEach((statement, i) => {
    runs.push({ name: `${name} ${i}`, statements: [statement], inputs });
  });
  return runs;
}

/** The configuration that runs all groups, as JSON, which is YAML too. */
export function configOf(groups: readonly Group[]): string {
  const statements = groups.flatMap(runsOf).map((run) => ({
    context: 'log',
    error_mode: 'silent',
    conditions: [`log.severity_text == ${JSON.stringify(run.name)}`],
    statements: run.statements,
  }));
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: '${env:RECEIVE}' } } } },
    processors: { transform: { log_statements: statements.map(escaped) } },
    exporters: {
      otlp_http: {
        endpoint: '${env:SINK}',
        compression: 'none',
        sending_queue: { enabled: false },
      },
    },
    service: {
      pipelines: {
        logs: { receivers: ['otlp'], processors: ['transform'], exporters: ['otlp_http'] },
      },
    },
  };
  return JSON.stringify(config, null, 1);
}

/** Dollars are escaped for the configuration. */
function escaped<T>(value: T): T {
  return JSON.parse(JSON.stringify(value).replaceAll('$', '$$$$')) as T;
}

function requestOf(runs: readonly Run[]): Json {
  const logRecords = runs.flatMap(({ name, inputs }) =>
    inputs.map((input, i) => ({
      severityText: name,
      eventName: String(i),
      body: { stringValue: 'body' },
      timeUnixNano: '1700000000123456789',
      attributes: keyValues(input),
    })),
  );
  return { resourceLogs: [{ resource: {}, scopeLogs: [{ logRecords }] }] };
}

/** Runs all groups through a program. */
export async function evaluate(groups: readonly Group[], start: Start): Promise<Results> {
  const sink = new OtlpSink();
  const url = await sink.start();
  const receive = `127.0.0.1:${await freePort()}`;
  try {
    const program = await start(configOf(groups), { RECEIVE: receive, SINK: url });
    try {
      const response = await fetch(`http://${receive}/v1/logs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(requestOf(groups.flatMap(runsOf))),
        signal: AbortSignal.timeout(120_000),
      });
      const answer = await response.text();
      if (response.status !== 200) throw new Error(`HTTP ${response.status}: ${answer}`);
      while (sink.received.logs.length === 0) await sleep(20);
    } finally {
      await program.stop();
    }
    return resultsOf(sink.received.logs);
  } finally {
    sink.stop();
  }
}

function resultsOf(requests: readonly Json[]): Results {
  const results: Record<string, Record<string, unknown>[]> = {};
  for (const record of recordsOf(requests)) {
    const name = String(record.severityText);
    const input = Number(record.eventName);
    const isRun = / \d+$/.test(name);
    const values: [string, unknown][] = [];
    for (const { key, value } of (record.attributes as Json[] | undefined) ?? []) {
      if (isRun || /^r\d+$/.test(String(key))) values.push([String(key), plain(value as Json)]);
    }
    // attributes that are there twice count twice
    values.sort(([a, x], [b, y]) => (a + JSON.stringify(x) < b + JSON.stringify(y) ? -1 : 1));
    results[name] ??= [];
    const all = { attributes: values, body: plain(record.body as Json | undefined) };
    results[name][input] = isRun ? all : Object.fromEntries(values);
  }
  return results;
}

function* recordsOf(requests: readonly Json[]): Generator<Json> {
  for (const request of requests) {
    for (const resource of request.resourceLogs as Json[]) {
      for (const scope of resource.scopeLogs as Json[]) yield* scope.logRecords as Json[];
    }
  }
}

/** A value with the keys of its maps in order. */
function plain(value: Json | undefined): unknown {
  if (value === undefined) return {};
  if (value.arrayValue !== undefined) {
    const { values } = value.arrayValue as { values?: Json[] };
    return { array: (values ?? []).map(plain) };
  }
  if (value.kvlistValue !== undefined) {
    const { values } = value.kvlistValue as { values?: { key?: string; value?: Json }[] };
    const entries = (values ?? []).map((pair) => [pair.key ?? '', plain(pair.value)] as const);
    return { map: entries.sort(([a], [b]) => (a < b ? -1 : 1)) };
  }
  return value;
}
