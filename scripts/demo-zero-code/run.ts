import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, createWriteStream, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePorts } from '../../testing/ports.ts';
import { stopProcess } from '../../testing/process.ts';
import type { JudgedSpan } from './judge.ts';
import { addressOf, inRoom, makeNetwork, removeNetwork, routerNamespace } from './network.ts';
import { Services } from './services.ts';
import { Tally } from './tally.ts';
import { Store } from './traces.ts';

const here = import.meta.dirname;
const password = 'demo';
const firstClick = 100_001;

/** Time whose traces are read at once, by their start. */
const stepMs = 500;

/** After the last span of a trace, until joins are recorded. */
const completeMs = 12_000;

interface RunOptions {
  /** For data, configuration and logs. */
  readonly folder: string;
  readonly clicks: number;
  /** Clicks a second. */
  readonly rate: number;
  /** Clicks in flight at once. */
  readonly concurrency: number;
  /** Configuration of the agent, instead of `agent.yaml`: it may name the same variables. */
  readonly agent?: string;
  /** Takes progress for people. */
  readonly say: (line: string) => void;
}

interface Result {
  readonly answered: number;
  readonly failed: number;
  /** Clicks whose trace is whole. */
  readonly whole: number;
  /** Clicks whose trace holds a span of another. */
  readonly mixed: number;
  /** Clicks whose spans are one trace by SQL: every span resolved by trace_alias to one id. */
  readonly wholeBySql: number;
  /** What is wrong, with how many clicks show it, most frequent first. */
  readonly faults: readonly (readonly [fault: string, clicks: number])[];
  readonly example: readonly JudgedSpan[];
  /** Trace id of the example. */
  readonly exampleId: string;
}

/**
 * A running demo: `clicks()` sends and judges, `send()` only sends, `stop()` ends and removes
 * everything.
 */
export class ZeroCodeDemo {
  readonly #options: RunOptions;
  readonly #services: Services;
  readonly #cgroup: Cgroup;
  #agent: ChildProcess | undefined;
  #jaeger = '';
  #clickhouse = '';
  #page = '';
  #otlp = '';

  constructor(options: RunOptions) {
    this.#options = options;
    this.#cgroup = new Cgroup('wirestitch-demo');
    this.#services = new Services(join(options.folder, 'services'), this.#cgroup.enter);
  }

  /** Addresses of the running agent. */
  get addresses(): { readonly page: string; readonly jaeger: string; readonly otlp: string } {
    return { page: this.#page, jaeger: this.#jaeger, otlp: this.#otlp };
  }

  async start(): Promise<void> {
    const { say, folder } = this.#options;
    // The embedded engine runs as a user of its own.
    chmodSync(folder, 0o755);
    say('Making network namespaces: client, nginx, shop (Node), stock (Python), price (Java),');
    say('MariaDB, Redis, DNS; a router between them translates the address of shop -> price ...');
    makeNetwork();
    this.#cgroup.make();
    say('Starting the services. None of them knows of tracing ...');
    await this.#services.start();
    say('Starting the agent ...');
    await this.#startAgent();
  }

  async clicks(): Promise<Result> {
    const { clicks, rate, concurrency, say } = this.#options;
    say(`Sending ${clicks} requests, ${rate} a second, up to ${concurrency} at once ...`);
    const { answered, failed } = await this.send();
    say(`${answered} answered, ${failed} failed. Reading their traces ...`);
    const store = new Store(this.#jaeger, this.#clickhouse, password);
    await this.#settled(store);
    return { answered, failed, ...(await this.#judge(store)) };
  }

  async stop(): Promise<void> {
    if (this.#agent !== undefined) await stopProcess(this.#agent);
    await this.#services.stop();
    removeNetwork();
    this.#cgroup.remove();
  }

  async #startAgent(): Promise<void> {
    const [jaeger = 0, clickhouse = 0, page = 0, otlp = 0] = await freePorts(4);
    this.#jaeger = `http://127.0.0.1:${jaeger}`;
    this.#clickhouse = `http://127.0.0.1:${clickhouse}`;
    this.#page = `http://127.0.0.1:${page}`;
    this.#otlp = `http://127.0.0.1:${otlp}`;
    const program = join(here, '../../gateway/main.ts');
    const config = this.#options.agent ?? join(here, 'agent.yaml');
    const child = spawn(process.execPath, [program, '--config', config], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        DEMO_CGROUP: this.#cgroup.path,
        DEMO_ROUTER: routerNamespace,
        DEMO_DATA: this.#options.folder,
        DEMO_JAEGER_PORT: String(jaeger),
        DEMO_CLICKHOUSE_PORT: String(clickhouse),
        DEMO_UI_PORT: String(page),
        DEMO_OTLP_PORT: String(otlp),
        WIRESTITCH_ENGINE_PASSWORD: password,
      },
    });
    this.#agent = child;
    const log = createWriteStream(join(this.#options.folder, 'agent.log'));
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    const last: string[] = [];
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        last.push(line);
        if (last.length > 5) last.shift();
        if (line.includes('Everything is ready')) resolve();
      });
      child.once('exit', () => reject(new Error(`cannot start the agent:\n${last.join('\n')}`)));
    });
  }

  /** Sends the clicks and waits for their answers. */
  async send(): Promise<{ answered: number; failed: number }> {
    const { clicks, rate, concurrency } = this.#options;
    const numbers = [firstClick, clicks, concurrency, rate].map(String);
    const script = join(here, 'clicks.mjs');
    const [command = '', ...args] = inRoom('client', [
      process.execPath,
      script,
      addressOf('edge'),
      ...numbers,
    ]);
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    await once(child, 'close');
    return JSON.parse(out) as { answered: number; failed: number };
  }

  /** Waits until no more spans arrive, and traces count as complete: ten seconds after their end. */
  async #settled(store: Store): Promise<void> {
    const complete = Date.now() + completeMs;
    let before = -1;
    for (let calm = 0, tries = 0; (calm < 4 || Date.now() < complete) && tries < 120; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const [[count = '0'] = []] = await store.rows('SELECT count() FROM wirestitch.spans');
      calm = Number(count) === before && before > 0 ? calm + 1 : 0;
      before = Number(count);
    }
  }

  async #judge(store: Store): Promise<Omit<Result, 'answered' | 'failed'>> {
    const edge = `attributes_string['wirestitch.observation_point'] = 'server_process'
      AND attributes_string['server.address'] = '${addressOf('edge')}'`;
    const [[service = '', from = '0', to = '0'] = []] = await store.rows(
      `SELECT any(service), toUnixTimestamp64Milli(min(time)), toUnixTimestamp64Milli(max(time))
       FROM wirestitch.spans WHERE ${edge}`,
    );
    const tally = new Tally();
    for (let at = Number(from); at <= Number(to); at += stepMs) {
      for (const [id, spans] of await store.find(service, at, at + stepMs)) tally.add(id, spans);
    }
    const wholeBySql = await this.#bySql(store);
    return { ...tally.result(), wholeBySql };
  }

  /**
   * Clicks all of whose spans have, by trace_alias, one trace id that no other click has. An alias
   * may lead to a trace that was found to be part of another later: two steps reach the end.
   */
  async #bySql(store: Store): Promise<number> {
    const token = (field: string, pattern: string): string =>
      `nullIf(extract(attributes_string['${field}'], '${pattern}'), '')`;
    const follow = (found: string, id: string, root: string): string =>
      `SELECT f.click AS click,
         if(a.to_trace = toFixedString('', 16), f.${id}, a.to_trace) AS ${root}
       FROM ${found} AS f LEFT JOIN aliased AS a ON a.from_trace = f.${id}`;
    const [[count = '0'] = []] = await store.rows(
      `WITH aliased AS (
         SELECT from_trace, argMin(to_trace, to_trace) AS to_trace
         FROM wirestitch.trace_alias GROUP BY from_trace),
       spans AS (
         SELECT coalesce(${token('url.query', 'click=([0-9]{6,})')},
           ${token('dns.question.name', '^c([0-9]{6,})')},
           ${token('db.query.text', '[: ]c([0-9]{6,})')}) AS click, trace_id
         FROM wirestitch.spans WHERE click IS NOT NULL),
       once AS (${follow('spans', 'trace_id', 'step')}),
       seen AS (${follow('once', 'step', 'root')}),
       roots AS (SELECT root, uniqExact(click) AS clicks FROM seen GROUP BY root)
       SELECT count() FROM (
         SELECT click, uniqExact(root) AS traces, max(clicks) AS others
         FROM seen INNER JOIN roots USING root
         GROUP BY click HAVING traces = 1 AND others = 1)`,
    );
    return Number(count);
  }
}

/** A control group (version 2) of the demo's processes: what the agent may look at. */
class Cgroup {
  readonly path: string;
  /** Runs the command that follows in it, from its first instruction on. */
  readonly enter: readonly string[];

  constructor(name: string) {
    const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
    const mount = mounts.map((line) => line.split(' ')).find((fields) => fields[2] === 'cgroup2');
    if (mount === undefined) throw new Error('cannot find a cgroup v2 hierarchy in /proc/mounts');
    this.path = join(mount[1] ?? '', name);
    this.enter = ['sh', '-c', 'echo 0 > "$0" && exec "$@"', join(this.path, 'cgroup.procs')];
  }

  make(): void {
    mkdirSync(this.path, { recursive: true });
  }

  remove(): void {
    try {
      rmdirSync(this.path);
    } catch {
      // A process of it is still ending, or it was never made.
    }
  }
}
