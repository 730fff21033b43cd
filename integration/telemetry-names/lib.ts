/** What a program says of itself: its own metrics, sent by OTLP and scraped. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '../../gateway/load.ts';
import { startProgram } from '../../gateway/run.ts';
import { freePorts } from '../../testing/ports.ts';
import { stopProcess } from '../../testing/process.ts';
import { otlpPaths } from '../../wire/grpc/otlp-paths.ts';
import { makeClient } from '../../wire/grpc/testing.ts';
import { headerOf } from '../drop-in/lib/fragment.ts';
import type { Running } from '../drop-in/lib/scenario.ts';
import { type Json, OtlpSink } from '../drop-in/lib/sink.ts';
import { KafkaBroker } from '../lib/kafka.ts';

export const levels = ['basic', 'normal', 'detailed'] as const;
export type Level = (typeof levels)[number];

/** One metric: what it is, and the attributes of its points, `key=value` each, sorted. */
export interface Told {
  readonly scope: string;
  readonly kind: string;
  readonly unit: string;
  readonly bounds?: readonly number[];
  readonly points: readonly string[];
}

export type Names = Readonly<Record<string, Told>>;

export interface Scenario {
  readonly name: string;
  readonly config: string;
  /** Levels at which it is run: `# levels: normal detailed`; default all. */
  readonly levels: readonly Level[];
  /** Whether a Kafka broker stands at `KAFKA`: `# needs: kafka`. */
  readonly needsKafka: boolean;
  /** Requests: `# send: http grpc bad`; default http. */
  readonly sends: readonly string[];
  /** Texts that a scrape has before the program is left alone: `# until: a b`. */
  readonly until: readonly string[];
  /** Milliseconds between that and the end: `# settle: 600`. */
  readonly settleMs: number;
  /** More keys of the Prometheus reader, in YAML: `# prometheus: without_units: false`. */
  readonly prometheus: string;
  /** `# views: [...]`. */
  readonly views: string;
  /** The header of the scrape: `# accept: text/plain`. */
  readonly accept: string;
}

const folder = join(import.meta.dirname, 'testdata');

export const recordedFile = (name: string): string => join(folder, `${name}.json`);

export function readScenario(name: string): Scenario {
  const config = readFileSync(join(folder, `${basename(name, '.yaml')}.yaml`), 'utf8');
  const header = headerOf(config);
  const words = (key: string, fallback: string) =>
    (header.get(key) ?? fallback).split(/\s+/).filter(Boolean);
  return {
    name: basename(name, '.yaml'),
    config,
    levels: words('levels', levels.join(' ')) as Level[],
    needsKafka: header.get('needs') === 'kafka',
    sends: words('send', 'http'),
    until: words('until', ''),
    settleMs: Number(header.get('settle') ?? 500),
    prometheus: header.get('prometheus') ?? '',
    views: header.get('views') ?? '',
    accept: header.get('accept') ?? '*/*',
  };
}

export type Start = (
  configs: readonly string[],
  env: Readonly<Record<string, string>>,
) => Promise<Running>;

/** A program of its own. */
export const startPeer =
  (program: string): Start =>
  async (configs, env) => {
    const dir = mkdtempSync(join(tmpdir(), 'wirestitch-names-'));
    const args = configs.flatMap((text, i) => {
      const file = join(dir, `${i}.yaml`);
      writeFileSync(file, text);
      return ['--config', file];
    });
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH ?? '', ...env },
    });
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    while (!log.includes('Everything is ready')) {
      if (child.exitCode !== null) throw new Error(`${program} ended:\n${log}`);
      await sleep(20);
    }
    return {
      async stop() {
        await stopProcess(child);
        rmSync(dir, { recursive: true, force: true });
      },
    };
  };

/** This program, inside the process. */
export const startHere: Start = async (configs, env) => {
  const sources = [...configs.map((text) => `yaml:${text}`), quiet];
  const program = await startProgram(await readConfig(sources, env));
  return { stop: () => program.shutdown('test') };
};

const quiet = 'yaml:service::telemetry::logs::level: fatal';

function telemetryOf(level: Level, scrapePort: number, scenario: Scenario): string {
  const more = scenario.prometheus === '' ? '' : `, ${scenario.prometheus}`;
  const prometheus = `{host: 127.0.0.1, port: ${scrapePort}${more}}`;
  const views = scenario.views === '' ? '' : `\n      views: ${scenario.views}`;
  const otlp = '{protocol: http/protobuf, endpoint: "${env:OWN}/v1/metrics"}';
  return `
service:
  telemetry:
    metrics:
      level: ${level}${views}
      readers:
        - pull: {exporter: {prometheus: ${prometheus}}}
        - periodic: {interval: 200, exporter: {otlp: ${otlp}}}
`;
}

export interface Outcome {
  readonly names: Names;
  /** Lines `# TYPE name type` and the label names of each sample, sorted, each once. */
  readonly scraped: readonly string[];
}

/** Runs a scenario on one program at one level. */
export async function listen(scenario: Scenario, level: Level, start: Start): Promise<Outcome> {
  const own = new OtlpSink();
  const sink = new OtlpSink();
  const dir = mkdtempSync(join(tmpdir(), 'wirestitch-names-'));
  const kafka = scenario.needsKafka ? await KafkaBroker.start() : undefined;
  const [receive = 0, grpc = 0, other = 0, scrape = 0, down = 0] = await freePorts(5);
  const [ownUrl, sinkUrl] = [await own.start(), await sink.start()];
  const ports = { RECEIVE: receive, GRPC: grpc, OTHER: other, SCRAPE: scrape, DOWN: down };
  const at = Object.entries(ports).map(([name, port]) => [name, `127.0.0.1:${port}`]);
  const env = {
    ...Object.fromEntries(at),
    OWN: ownUrl,
    SINK: sinkUrl,
    DIR: dir,
    KAFKA: kafka?.address ?? '',
  };
  try {
    const program = await start([scenario.config, telemetryOf(level, scrape, scenario)], env);
    let text = '';
    try {
      await send(scenario.sends, receive, grpc, other);
      const headers = { accept: scenario.accept };
      const read = async () =>
        (await fetch(`http://127.0.0.1:${scrape}/metrics`, { headers })).text();
      const giveUp = performance.now() + 120_000;
      while (performance.now() < giveUp) {
        const now = await read();
        if (scenario.until.every((part) => now.includes(part))) break;
        await sleep(100);
      }
      await sleep(scenario.settleMs);
      text = await read();
    } finally {
      await program.stop();
    }
    const known = new Map(Object.entries(ports).map(([name, port]) => [String(port), name]));
    for (const [name, url] of [
      ['OWN', ownUrl],
      ['SINK', sinkUrl],
    ] as const) {
      known.set(new URL(url).port, name);
    }
    return { names: namesOf(own.received.metrics, known), scraped: scrapedOf(text) };
  } finally {
    own.stop();
    sink.stop();
    await kafka?.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

const id = { traceId: '0102030405060708090a0b0c0d0e0f10', spanId: '0102030405060708' };
const nano = () => String(BigInt(Date.now()) * 1_000_000n);

function bodies(): Readonly<Record<'traces' | 'metrics' | 'logs', Json>> {
  const resource = {
    attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }],
  };
  const now = nano();
  const span = { ...id, name: 'a', kind: 2, startTimeUnixNano: now, endTimeUnixNano: now };
  const sum = (value: string) => ({
    name: 'requests',
    sum: {
      aggregationTemporality: 2,
      isMonotonic: true,
      dataPoints: [{ asInt: value, timeUnixNano: now, startTimeUnixNano: '1' }],
    },
  });
  const delta = {
    name: 'steps',
    sum: {
      aggregationTemporality: 1,
      isMonotonic: true,
      dataPoints: [{ asInt: '1', timeUnixNano: now, startTimeUnixNano: '1' }],
    },
  };
  const record = { timeUnixNano: now, body: { stringValue: 'hello' }, severityNumber: 9 };
  return {
    traces: { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] },
    metrics: {
      resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [sum('5'), delta] }] }],
    },
    logs: { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] },
  };
}

async function post(url: string, body: string, type = 'application/json'): Promise<void> {
  const headers = { 'content-type': type, connection: 'close' };
  const response = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined);
  await response?.arrayBuffer();
}

async function send(
  kinds: readonly string[],
  receive: number,
  grpc: number,
  other: number,
): Promise<void> {
  for (const kind of kinds) {
    const base = `http://127.0.0.1:${receive}`;
    if (kind === 'http') {
      for (const [signal, body] of Object.entries(bodies())) {
        await post(`${base}/v1/${signal}`, JSON.stringify(body));
      }
    } else if (kind === 'bad') {
      await post(`${base}/v1/traces`, '{"resourceSpans":5}');
      await post(`${base}/v1/traces`, 'x', 'text/plain');
      await post(`${base}/nowhere`, '{}');
      await fetch(`${base}/v1/traces`).then((response) => response.arrayBuffer());
    } else if (kind === 'grpc') await sendGrpc(grpc);
    else if (kind === 'get') {
      await fetch(`http://127.0.0.1:${other}/`).then((response) => response.arrayBuffer());
    } else if (kind === 'pause') await sleep(300);
    else throw new Error(`cannot send ${JSON.stringify(kind)}`);
  }
}

async function sendGrpc(port: number): Promise<void> {
  const { parseJson } = await import('../../pdata/json.ts');
  for (const [signal, body] of Object.entries(bodies())) {
    const name = signal as keyof ReturnType<typeof bodies>;
    const client = makeClient(port, { path: otlpPaths[name] });
    const batch = parseJson(name, Buffer.from(JSON.stringify(body)));
    await client.call(batch.ranges(), false, performance.now() + 5000).catch(() => undefined);
    client.close();
  }
}

interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: string;
  readonly boolValue?: boolean;
  readonly doubleValue?: number;
}

interface OtlpPoint {
  readonly attributes?: readonly { readonly key: string; readonly value: OtlpValue }[];
  readonly explicitBounds?: readonly number[];
}

interface OtlpMetric {
  readonly name: string;
  readonly unit?: string;
  readonly [kind: string]: unknown;
}

interface OtlpRequest {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly {
      readonly scope?: { readonly name?: string };
      readonly metrics: readonly OtlpMetric[];
    }[];
  }[];
}

/** Ports have other numbers in each run: they are told by their names. */
function textOf(
  { key, value }: { key: string; value: OtlpValue },
  ports: ReadonlyMap<string, string>,
) {
  const [type = '', plain] = Object.entries(value)[0] ?? [];
  const text = String(plain).replace(/\d{4,5}$/, (digits) => ports.get(digits) ?? digits);
  return `${key}=${type === 'stringValue' ? '' : `${type.replace('Value', '')}:`}${text}`;
}

function kindOf(metric: OtlpMetric): { kind: string; points: readonly OtlpPoint[] } {
  for (const shape of ['sum', 'gauge', 'histogram', 'exponentialHistogram']) {
    const found = metric[shape] as
      | { dataPoints: OtlpPoint[]; isMonotonic?: boolean; aggregationTemporality?: number }
      | undefined;
    if (found === undefined) continue;
    const more = shape === 'sum' && found.isMonotonic !== true ? ' that falls, too' : '';
    return { kind: `${shape}${more}`, points: found.dataPoints };
  }
  return { kind: 'none', points: [] };
}

function namesOf(requests: readonly Json[], ports: ReadonlyMap<string, string>): Names {
  const found = new Map<string, { told: Told; points: Set<string> }>();
  for (const request of requests as unknown as readonly OtlpRequest[]) {
    for (const { scopeMetrics } of request.resourceMetrics) {
      for (const { scope, metrics } of scopeMetrics) {
        for (const metric of metrics) {
          const { kind, points } = kindOf(metric);
          const bounds = points[0]?.explicitBounds;
          const told = {
            scope: scope?.name ?? '',
            kind,
            unit: metric.unit ?? '',
            ...(bounds === undefined ? {} : { bounds }),
          };
          const one = found.get(metric.name) ?? {
            told: { ...told, points: [] },
            points: new Set<string>(),
          };
          found.set(metric.name, one);
          for (const { attributes = [] } of points) {
            one.points.add(
              attributes
                .map((a) => textOf(a, ports))
                .sort()
                .join(' '),
            );
          }
        }
      }
    }
  }
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    sorted.map(([name, { told, points }]) => [name, { ...told, points: [...points].sort() }]),
  );
}

function scrapedOf(text: string): string[] {
  const found = new Set<string>();
  for (const line of text.split('\n')) {
    if (line.startsWith('# TYPE ')) found.add(line);
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', labels = ''] = /^([^{ ]*)(?:\{(.*)\})? /.exec(line) ?? [];
    const parts = [...labels.matchAll(/("[^"]*"|[\w]+)(="(?:[^"\\]|\\.)*")?/g)];
    const keys = parts.map(([, key = '', value = '']) =>
      key === 'otel_scope_name' || key === 'le' ? key + value : key,
    );
    found.add(`${name}{${keys.sort().join(',')}}`);
  }
  return [...found].sort();
}
