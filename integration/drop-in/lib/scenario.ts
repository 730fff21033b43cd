/** The same data through a program: configurations and inputs of behaviour/. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../testing/ports.ts';
import { canonical, type Output } from './canonical.ts';
import { complete, headerOf, testEnds } from './fragment.ts';
import { type Json, OtlpSink, type Sent, sent } from './sink.ts';

const root = join(import.meta.dirname, '../behaviour');

/** One step: a request, or a pause in milliseconds. */
type Step = { readonly [S in Sent]?: Json } & {
  readonly wait?: number;
  readonly headers?: Readonly<Record<string, string>>;
};

export interface Scenario {
  /** Path under behaviour/. */
  readonly name: string;
  readonly folder: string;
  /** `kind-type` by the folder's name. */
  readonly component: string;
  readonly config: string;
  readonly steps: readonly Step[];
  /** Names of fields, and `@key` of attributes, that are not compared: `# ignore: a @b`. */
  readonly ignored: ReadonlySet<string>;
  /** How long nothing has to come before the program is stopped: `# settle: 300`. */
  readonly settleMs: number;
  /** Why there is no peer to ask: `# alone: REASON`. */
  readonly alone: string;
  readonly env: Readonly<Record<string, string>>;
  /** Feature gates: `# gates: a,-b`. */
  readonly gates: string;
}

/** What a program answered to each request, and what came out of it. */
export interface Outcome {
  readonly responses: readonly number[];
  readonly output: Output;
}

/** A started program; `stop` returns when it has ended in an orderly way. */
export interface Running {
  stop(): Promise<void>;
}

/** Starts a program on a configuration and waits until it takes data. */
export type Start = (
  config: string,
  env: Readonly<Record<string, string>>,
  gates?: string,
) => Promise<Running>;

/** Scenarios in folders, of all of behaviour/ when none is given. */
export function scenariosIn(places: readonly string[]): Scenario[] {
  const given = places.length === 0 ? [root] : places.map((place) => resolve(place));
  return given
    .flatMap((place) => globSync('**/config.yaml', { cwd: place }).map((f) => join(place, f)))
    .sort()
    .map(read);
}

function read(file: string): Scenario {
  const folder = dirname(file);
  const text = readFileSync(file, 'utf8');
  const header = headerOf(text);
  const words = (key: string): string[] => (header.get(key) ?? '').split(/\s+/).filter(Boolean);
  const name = relative(root, folder);
  return {
    name,
    folder,
    component: name.split('/')[0]!,
    config: complete(text, testEnds),
    steps: JSON.parse(readFileSync(join(folder, 'input.json'), 'utf8')) as Step[],
    ignored: new Set(words('ignore')),
    settleMs: Number(header.get('settle') ?? 300),
    alone: header.get('alone') ?? '',
    gates: header.get('gates') ?? '',
    env: Object.fromEntries(
      words('env').map((w) => [w.slice(0, w.indexOf('=')), w.slice(w.indexOf('=') + 1)]),
    ),
  };
}

/** Runs a scenario on one program. */
export async function play(scenario: Scenario, start: Start): Promise<Outcome> {
  const sink = new OtlpSink();
  const url = await sink.start();
  const receive = `127.0.0.1:${await freePort()}`;
  try {
    const env = { ...scenario.env, RECEIVE: receive, SINK: url };
    const program = await start(scenario.config, env, scenario.gates);
    const responses: number[] = [];
    try {
      for (const step of scenario.steps) await take(step, receive, responses);
      sink.last = performance.now();
      while (performance.now() - sink.last < scenario.settleMs) await sleep(20);
    } finally {
      await program.stop();
    }
    return { responses, output: canonical(sink.received, scenario.ignored) };
  } finally {
    sink.stop();
  }
}

async function take(step: Step, receive: string, responses: number[]): Promise<void> {
  if (step.wait !== undefined) await sleep(step.wait);
  const signal = sent.find((s) => step[s] !== undefined);
  if (signal === undefined) return;
  const response = await fetch(`http://${receive}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...step.headers },
    body: JSON.stringify(timed(step[signal])),
  });
  await response.arrayBuffer();
  responses.push(response.status);
}

/** Replaces "now", "now-2s" and "now+100ms" by nanoseconds since 1970. */
function timed(value: unknown): unknown {
  if (typeof value === 'string') {
    const match = /^now(?:([+-]\d+)(ms|s))?$/.exec(value);
    if (match === null) return value;
    const scale = match[2] === 's' ? 1000n : 1n;
    return String((BigInt(Date.now()) + BigInt(match[1] ?? 0) * scale) * 1_000_000n);
  }
  if (Array.isArray(value)) return value.map(timed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, timed(v)]));
}
