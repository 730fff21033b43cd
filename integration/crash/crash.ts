/**
 * Kills gateway and engine while spans come in, then compares what was accepted with what is
 * stored.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../testing/ports.ts';
import { Program, scratch } from '../lib/program.ts';
import { numberedRequest, numberOf } from './numbered.ts';
import { engineOf, killAtRename, killNow } from './processes.ts';

export type Victim = 'gateway' | 'engine' | 'engine at a rename';

/** How many kills there are of each kind in a list. */
export function countVictims(victims: readonly Victim[]): Record<Victim, number> {
  const counts = { gateway: 0, engine: 0, 'engine at a rename': 0 };
  for (const victim of victims) counts[victim]++;
  return counts;
}

export interface CrashOptions {
  /** Spans to send at least. */
  readonly spans: number;
  /** What is killed, in order. */
  readonly victims: readonly Victim[];
  /** Seed of the pauses between kills. */
  readonly seed: number;
  log(line: string): void;
}

export interface CrashResult {
  readonly accepted: number;
  /** Spans of requests without an answer: they may be there or not, but once. */
  readonly unanswered: number;
  readonly stored: number;
  /** Kills that happened; at a rename = as an INSERT's part was given its name. */
  readonly kills: Readonly<Record<Victim, number>>;
  /** Kills at renames of other kinds, which came on the way to those. */
  readonly otherRenames: number;
  /** Numbers that were accepted and are not stored. */
  readonly lost: readonly number[];
  /** Numbers that are stored more than once. */
  readonly doubled: readonly number[];
  /** Numbers that are stored though nobody sent them. */
  readonly invented: readonly number[];
  /** What differs from a recount of the spans, one line each. */
  readonly derived: readonly string[];
}

const SPANS_A_REQUEST = 500;
/** Renames of other kinds, or none at all, come in between: how often a kill is tried. */
const renameAttempts = 12;
/** Spans are that old when they are sent: their minutes are over, so their edges can be compared. */
const spansAgoMs = 90_000;
const password = 'crash';

interface Ports {
  readonly http: number;
  readonly engine: number;
}

function configuration(folder: string, ports: Ports): string {
  return `extensions:
  file_storage: {directory: "${folder}/queue", create_directory: true}
  embedded_clickhouse: {path: "${folder}/clickhouse", listen: "127.0.0.1:${ports.engine}"}
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${ports.http}"}}}
exporters:
  clickhouse:
    engine: embedded_clickhouse
    database: crash
    timeout: 10s
    service_edges: {interval: 5s}
    retry_on_failure: {max_elapsed_time: 0, initial_interval: 100ms, max_interval: 1s}
    sending_queue:
      storage: file_storage
      sizer: bytes
      queue_size: 268435456
      batch: {flush_timeout: 200ms, min_size: 8000, max_size: 20000, sizer: items}
service:
  extensions: [file_storage, embedded_clickhouse]
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [clickhouse]}
`;
}

/** Numbers in [0, 1) from a seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

class Run {
  readonly folder = scratch();
  readonly random: () => number;
  readonly accepted: number[] = [];
  readonly unanswered: number[] = [];
  readonly kills = countVictims([]);
  otherRenames = 0;
  #ports: Ports = { http: 0, engine: 0 };
  #program: Program | undefined;
  #next = 0;
  #stop = false;
  /** Edges of minutes before this are complete: the last orderly end; Unix seconds. */
  edgesUntil = 0;
  readonly #options: CrashOptions;

  constructor(options: CrashOptions) {
    this.#options = options;
    this.random = randomFrom(options.seed);
  }

  async start(): Promise<void> {
    const [http, engine] = await freePorts(2);
    this.#ports = { http: http!, engine: engine! };
    await this.#startProgram();
  }

  async #startProgram(): Promise<void> {
    const config = configuration(this.folder.path, this.#ports);
    const env = { WIRESTITCH_ENGINE_PASSWORD: password };
    for (let attempt = 1; ; attempt++) {
      try {
        this.#program = await Program.startWith(config, this.folder.path, { env });
        return;
      } catch (error) {
        // The engine of a killed gateway may hold port and folder for a moment.
        if (attempt === 10) throw error;
        await sleep(500);
      }
    }
  }

  /** Sends requests one after the other until `sender.done` says so. */
  async send(): Promise<void> {
    while (!this.#stop || this.#next < this.#options.spans) {
      const first = this.#next;
      this.#next += SPANS_A_REQUEST;
      let body: Uint8Array | undefined = numberedRequest(first, SPANS_A_REQUEST, spansAgoMs);
      while (body !== undefined) body = await this.#post(body, first);
      await sleep(20);
    }
  }

  /** @returns the body when it is to be sent again: it was refused or never sent */
  async #post(body: Uint8Array, first: number): Promise<Uint8Array | undefined> {
    const numbers = Array.from({ length: SPANS_A_REQUEST }, (_, i) => first + i);
    try {
      const answer = await fetch(`http://127.0.0.1:${this.#ports.http}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf' },
        body: Buffer.from(body.buffer, body.byteOffset, body.length),
      });
      await answer.arrayBuffer();
      if (answer.status === 200) {
        this.accepted.push(...numbers);
        return undefined;
      }
      await sleep(100);
      return body;
    } catch (error) {
      const code = (error as { cause?: { code?: string } }).cause?.code;
      await sleep(100);
      if (code === 'ECONNREFUSED') return body;
      this.unanswered.push(...numbers);
      return undefined;
    }
  }

  async kill(victim: Victim): Promise<void> {
    if (victim === 'gateway') await this.#killGateway();
    else if (victim === 'engine') await this.#killEngine();
    else await this.#killAtRename();
    this.kills[victim]++;
  }

  async #killGateway(): Promise<void> {
    const program = this.#program!;
    program.kill('SIGKILL');
    while (program.running) await sleep(10);
    if (program.process.signalCode !== 'SIGKILL') throw new Error(`it ended: ${program.log}`);
    await this.#startProgram();
  }

  async #killEngine(): Promise<void> {
    if (!killNow(await this.#engine())) throw new Error('the engine ended before its kill');
  }

  async #killAtRename(): Promise<void> {
    for (let attempt = 1; attempt <= renameAttempts; attempt++) {
      const nth = 1 + Math.floor(this.random() * 6);
      const ended = await killAtRename(await this.#engine(), nth, 15_000);
      if (ended === 'insert') return;
      if (ended === 'other') this.otherRenames++;
      this.#options.log(`  attempt ${attempt}: rename ${nth}: ${ended}`);
    }
    throw new Error(`no kill at the rename of a part within ${renameAttempts} attempts`);
  }

  /** The process of the engine, which may be about to start again. */
  async #engine(): Promise<number> {
    for (let waited = 0; waited < 30_000; waited += 50) {
      const pid = engineOf(this.#program!.pid);
      if (pid !== 0) return pid;
      await sleep(50);
    }
    throw new Error('there is no engine to kill');
  }

  async killAll(): Promise<void> {
    for (const [index, victim] of this.#options.victims.entries()) {
      await sleep(300 + this.random() * 1500);
      this.#options.log(`kill ${index + 1}: ${victim}, ${this.accepted.length} spans accepted`);
      await this.kill(victim);
    }
    this.#stop = true;
  }

  async query(sql: string): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.#ports.engine}/`, {
      method: 'POST',
      headers: { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': password },
      body: sql,
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(text);
    return text;
  }

  /** Waits until everything accepted is there and nothing more comes. */
  async settle(timeoutMs: number): Promise<void> {
    const until = Date.now() + timeoutMs;
    for (let calm = 0, before = -1; calm < 4; ) {
      await sleep(500);
      const rows = await this.query('SELECT count() FROM crash.spans').then(Number, () => -1);
      calm = rows === before && rows >= this.accepted.length ? calm + 1 : 0;
      before = rows;
      if (Date.now() > until) return;
    }
  }

  /** Ends the program in order and starts it again: nothing may hang on the running one. */
  async restart(): Promise<void> {
    const program = this.#program!;
    this.edgesUntil = Math.floor(Date.now() / 60_000) * 60;
    program.kill('SIGTERM');
    while (program.running) await sleep(50);
    await this.#startProgram();
  }

  async stop(): Promise<void> {
    const program = this.#program;
    program?.kill('SIGTERM');
    const until = Date.now() + 20_000;
    while (program?.running === true && Date.now() < until) await sleep(50);
    program?.kill('SIGKILL');
    this.folder.remove();
  }
}

/** A row count per group that both the spans and what is derived from them can give. */
const red = `SELECT toStartOfMinute(time) AS minute, service, name, kind, status_code,
    toUInt8(floor(2 * log2(greatest(duration, 1)))) AS band, count(), sum(duration)
  FROM crash.spans GROUP BY minute, service, name, kind, status_code, band ORDER BY ALL`;

/** Edges of the minutes before `before`, as stored and as a recount of the spans gives them. */
const edges = (before: number) => [
  `SELECT minute, toString(client), toString(server), calls, errors, duration_sum
   FROM crash.service_edges FINAL WHERE minute < toDateTime(${before}, 'UTC') ORDER BY ALL`,
  `SELECT toStartOfMinute(toDateTime(c.time, 'UTC')) AS minute, toString(p.service),
     toString(c.service), count(), countIf(c.status_code = 2), sum(c.duration)
   FROM crash.spans AS c INNER JOIN crash.spans AS p
     ON c.trace_id = p.trace_id AND c.parent_span_id = p.span_id
   WHERE p.service != c.service AND c.time < toDateTime64(${before}, 9, 'UTC')
   GROUP BY ALL ORDER BY ALL`,
];

/** What is derived from the spans: pairs of statements that must give the same. */
const recounts = (before: number): readonly (readonly [string, string, string])[] => [
  [
    'operations',
    'SELECT DISTINCT day, toString(service), name, kind FROM crash.operations ORDER BY ALL',
    `SELECT DISTINCT toDate(bucket), toString(service), toString(name), kind FROM crash.spans
     ORDER BY ALL`,
  ],
  [
    'spans without their resource or scope',
    `SELECT count() FROM crash.spans
     WHERE (toDate(bucket), toUInt64(resource_id)) NOT IN (SELECT day, id FROM crash.resources)
       OR (toDate(bucket), toUInt64(scope_id)) NOT IN (SELECT day, id FROM crash.scopes)`,
    'SELECT 0',
  ],
  [
    'requests, errors and durations',
    `${red} SETTINGS force_optimize_projection = 1`,
    `${red} SETTINGS optimize_use_projections = 0`,
  ],
  ['service edges', edges(before)[0]!, edges(before)[1]!],
];

async function compare(run: Run): Promise<CrashResult> {
  const lines = await run.query(
    'SELECT hex(span_id), count() FROM crash.spans GROUP BY 1 FORMAT TSV',
  );
  const stored = new Map<number, number>();
  for (const line of lines.split('\n').filter(Boolean)) {
    const [id, count] = line.split('\t');
    stored.set(numberOf(id!), Number(count));
  }
  const sent = new Set([...run.accepted, ...run.unanswered]);
  const derived: string[] = [];
  for (const [what, found, wanted] of recounts(run.edgesUntil)) {
    const [a, b] = [await run.query(found), await run.query(wanted)];
    if (a.trim() === '') derived.push(`${what}: nothing to compare`);
    else if (a !== b) derived.push(`${what} differ from a recount`);
  }
  return {
    accepted: run.accepted.length,
    unanswered: run.unanswered.length,
    stored: stored.size,
    kills: run.kills,
    otherRenames: run.otherRenames,
    lost: run.accepted.filter((i) => !stored.has(i)),
    doubled: [...stored].filter(([, count]) => count > 1).map(([i]) => i),
    invented: [...stored.keys()].filter((i) => !sent.has(i)),
    derived,
  };
}

/** One run; rejects when the program cannot be started at all. */
export async function runCrash(options: CrashOptions): Promise<CrashResult> {
  const run = new Run(options);
  try {
    await run.start();
    await Promise.all([run.send(), run.killAll()]);
    await run.settle(120_000);
    await run.restart();
    await run.settle(60_000);
    return await compare(run);
  } finally {
    await run.stop();
  }
}

/** One line about a result. */
export function summary(result: CrashResult): string {
  const { kills } = result;
  return (
    `${result.accepted} spans accepted, ${result.unanswered} without an answer, ` +
    `${result.stored} stored; kills: gateway ${kills.gateway}, engine ${kills.engine}, ` +
    `engine at the rename of a part ${kills['engine at a rename']}, ` +
    `at another rename ${result.otherRenames}; lost ${result.lost.length}, ` +
    `doubled ${result.doubled.length}, invented ${result.invented.length}` +
    (result.derived.length === 0 ? '' : `; ${result.derived.join(', ')}`)
  );
}
