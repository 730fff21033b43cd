/** What the tests of the ebpf receiver share: a capture of the processes that a test starts. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadBpf, probeObject } from '../../native/bpf.ts';
import { toJson } from '../../pdata/json.ts';
import { config } from '../../receivers/ebpf/config.ts';
import { cgroupRoot, whyNot } from '../../receivers/ebpf/probe.ts';
import { EbpfReceiver } from '../../receivers/ebpf/receiver.ts';
import type { TestSettings } from '../../testing/settings.ts';
import { testSettings } from '../../testing/settings.ts';
import { type CollectingSink, collectingSink } from '../../testing/sinks.ts';

export type Value = string | number | boolean | readonly string[];

export interface FlatSpan {
  readonly name: string;
  readonly kind: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly resource: Readonly<Record<string, Value>>;
  readonly attributes: Readonly<Record<string, Value>>;
}

export const point = 'wirestitch.observation_point';
export const requestChain = 'wirestitch.syscall.trace_id.request';
export const responseChain = 'wirestitch.syscall.trace_id.response';

/** Why tests that need these programs cannot run here; false = they can. */
export function skipReason(...programs: readonly string[]): string | false {
  const why = whyNot();
  if (why !== undefined) return why;
  if (cgroupRoot() === undefined) return 'there is no cgroup v2 tree';
  const { addon } = loadBpf();
  if (addon === undefined || probeObject('probe') === undefined)
    return 'the eBPF addon is not built';
  const absent = programs.filter((p) => spawnSync('sh', ['-c', `command -v ${p}`]).status !== 0);
  return absent.length > 0 && `it needs ${absent.join(', ')}`;
}

/** A cgroup of its own, whose processes are captured and nothing else is. */
export class Scene {
  readonly cgroup: string;
  readonly settings: TestSettings;
  readonly sink: CollectingSink<'traces'> = collectingSink<'traces'>();
  private readonly receiver: EbpfReceiver;
  private readonly children = new Set<ChildProcess>();

  constructor(keys: object = {}) {
    this.cgroup = join(cgroupRoot()!, `wirestitch-test-${process.pid}-${Math.random()}`);
    mkdirSync(this.cgroup);
    const test = testSettings();
    this.settings = { ...test, clock: realClock() as unknown as TestSettings['clock'] };
    const allow = { cgroups: [this.cgroup] };
    this.receiver = new EbpfReceiver(this.settings, config.parse({ allow, ...keys }), this.sink);
  }

  async start(): Promise<void> {
    await this.receiver.start();
  }

  /** Starts a program in the cgroup. */
  spawn(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const script = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
    const child = spawn('sh', ['-c', script, this.cgroup, command, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    this.children.add(child);
    child.once('exit', () => this.children.delete(child));
    return child;
  }

  /** Starts a program and waits for its end. @returns what it printed */
  async run(
    command: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): Promise<string> {
    const child = this.spawn(command, args, env);
    let text = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${text.slice(0, 300)}`);
    return text;
  }

  /** Starts a server and waits for its first line. */
  async serve(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = this.spawn(command, args, env);
    const line = await new Promise<string>((resolve, reject) => {
      let text = '';
      child.stdout!.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
      });
      child.once('exit', (code) => reject(new Error(`${command} ended with ${code}`)));
    });
    return { child, line };
  }

  /** Ends the processes and the capture. @returns all spans */
  async stop(): Promise<FlatSpan[]> {
    await this.#quiet();
    for (const child of this.children) child.kill();
    await Promise.all([...this.children].map((c) => new Promise((done) => c.once('exit', done))));
    for (const pid of this.pids()) process.kill(pid, 'SIGKILL');
    await this.receiver.shutdown();
    while (this.pids().length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    rmdirSync(this.cgroup);
    return this.sink.batches.flatMap((batch) => flatten(JSON.parse(toJson(batch))));
  }

  /** Returns when no span has come for half a second. */
  async #quiet(): Promise<void> {
    for (let calm = 0, before = -1; calm < 5; ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { items } = this.sink;
      calm = items === before ? calm + 1 : 0;
      before = items;
    }
  }

  private pids(): number[] {
    const text = readFileSync(join(this.cgroup, 'cgroup.procs'), 'utf8');
    return text.split('\n').filter(Boolean).map(Number);
  }
}

function realClock() {
  return {
    unixMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after(ms: number, run: () => void) {
      const timer = setTimeout(run, ms);
      return { cancel: () => clearTimeout(timer) };
    },
  };
}

interface JsonAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface JsonTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly JsonAttribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string;
        readonly kind: number;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly attributes: readonly JsonAttribute[];
      }[];
    }[];
  }[];
}

function flatten(traces: JsonTraces): FlatSpan[] {
  return traces.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const named = valuesOf(resource.attributes);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        name: span.name,
        kind: span.kind,
        start: BigInt(span.startTimeUnixNano),
        end: BigInt(span.endTimeUnixNano),
        resource: named,
        attributes: valuesOf(span.attributes),
      })),
    );
  });
}

function valuesOf(attributes: readonly JsonAttribute[]): Record<string, Value> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      if ('intValue' in value) return [key, Number(value.intValue)];
      if ('boolValue' in value) return [key, value.boolValue as boolean];
      if ('arrayValue' in value) {
        const { values } = value.arrayValue as { values: { stringValue: string }[] };
        return [key, values.map((v) => v.stringValue)];
      }
      return [key, String(value.stringValue)];
    }),
  );
}
