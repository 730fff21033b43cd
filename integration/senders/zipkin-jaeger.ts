/** The program with receivers of one kind and a file behind them, for tests with real clients. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Program, scratch } from '../lib/program.ts';

const root = join(import.meta.dirname, '../..');
export const python = join(root, '.cache/python/bin/python');
export const senders = import.meta.dirname;

/** Whether a package of tests is installed. */
export function installed(name: string): boolean {
  return existsSync(join(root, 'node_modules', name, 'package.json'));
}

/** What a sender said of a span that it sent. */
export interface Said {
  readonly n: number;
  readonly traceId: string;
  readonly spanId: string;
}

/** Runs a sender. @returns its spans in the order of their numbers */
export async function sentBy(command: string, args: readonly string[]): Promise<Said[]> {
  const options = { maxBuffer: 1 << 26, timeout: 120_000 };
  const { stdout } = await promisify(execFile)(command, [...args], options);
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as Said).sort((a, b) => a.n - b.n);
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const plain = (attributes: readonly Attribute[] = []): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** A span as it came out. */
export interface Got {
  readonly resource: Record<string, unknown>;
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly kind: number;
  readonly start: string;
  readonly end: string;
  readonly attributes: Record<string, unknown>;
  readonly events: readonly { name: string; attributes: Record<string, unknown> }[];
  readonly status: Record<string, unknown>;
}

interface Line {
  readonly resourceSpans: readonly {
    readonly resource?: { readonly attributes?: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly scope?: { readonly name?: string };
      readonly spans: readonly {
        readonly traceId: string;
        readonly spanId: string;
        readonly name: string;
        readonly kind?: number;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly attributes?: readonly Attribute[];
        readonly events?: readonly { name: string; attributes?: readonly Attribute[] }[];
        readonly status?: Record<string, unknown>;
      }[];
    }[];
  }[];
}

/** Spans of a file of the file exporter, by id. */
export function readSpans(path: string): Map<string, Got> {
  const spans = new Map<string, Got>();
  if (!existsSync(path)) return spans;
  const text = readFileSync(path, 'utf8');
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    if (line === '') continue;
    for (const { resource, scopeSpans } of (JSON.parse(line) as Line).resourceSpans) {
      for (const { scope, spans: list } of scopeSpans) {
        for (const span of list) {
          if (spans.has(span.spanId)) throw new Error(`span ${span.spanId} came twice`);
          spans.set(span.spanId, {
            resource: plain(resource?.attributes),
            scope: scope?.name ?? '',
            traceId: span.traceId,
            spanId: span.spanId,
            name: span.name,
            kind: span.kind ?? 0,
            start: span.startTimeUnixNano,
            end: span.endTimeUnixNano,
            attributes: plain(span.attributes),
            events: (span.events ?? []).map(({ name, attributes }) => ({
              name,
              attributes: plain(attributes),
            })),
            status: span.status ?? {},
          });
        }
      }
    }
  }
  return spans;
}

export interface Gateway {
  /** Waits for that many spans. @returns all that came, by span id */
  spans(count: number): Promise<Map<string, Got>>;
}

/** Starts the program with a receiver. @param receiver YAML of it, on one line */
export async function startGateway(t: TestContext, receiver: string): Promise<Gateway> {
  const folder = scratch();
  t.after(() => folder.remove());
  const path = join(folder.path, 'out.json');
  const config = `receivers:
  ${receiver}
exporters:
  file: {path: ${JSON.stringify(path)}, flush_interval: 50ms}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [${receiver.split(':')[0]}], exporters: [file]}
`;
  const program = await Program.startWith(config, folder.path);
  t.after(() => program.stop());
  return {
    async spans(count) {
      for (let i = 0; i < 300; i += 1) {
        const spans = readSpans(path);
        if (spans.size >= count) return spans;
        await sleep(50);
      }
      throw new Error(`${readSpans(path).size} of ${count} spans came`);
    },
  };
}
