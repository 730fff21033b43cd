/** The started program as tests see it: a process, its ports and its book-keeping. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopProcess } from '../../testing/process.ts';

const root = join(import.meta.dirname, '../..');
const ready = 'Everything is ready';

/** A folder of the test's own; `remove` takes it away. */
export function scratch(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'wirestitch-it-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface ProgramOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Port of `service::telemetry::metrics`, which the ledger is read from. */
  readonly metricsPort?: number;
  /** V8 flags. */
  readonly flags?: readonly string[];
}

export class Program {
  readonly process: ChildProcess;
  readonly #metricsPort: number | undefined;
  readonly #closed: Promise<unknown>;
  #log = '';

  private constructor(child: ChildProcess, metricsPort: number | undefined) {
    this.process = child;
    this.#metricsPort = metricsPort;
    this.#closed = once(child, 'close');
    const keep = (chunk: Buffer): void => {
      this.#log = (this.#log + chunk.toString()).slice(-65_536);
    };
    child.stderr?.on('data', keep);
    child.stdout?.on('data', keep);
  }

  /**
   * Starts the program and waits until it says that it is ready.
   * @param args command line after the program's name
   */
  static async start(args: readonly string[], options: ProgramOptions = {}): Promise<Program> {
    const child = spawn(
      process.execPath,
      [...(options.flags ?? []), join(root, 'gateway/main.ts'), ...args],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.env } },
    );
    const program = new Program(child, options.metricsPort);
    await program.logged(ready);
    return program;
  }

  /** Starts the program on the text of a configuration, written into `folder`. */
  static startWith(config: string, folder: string, options?: ProgramOptions): Promise<Program> {
    const file = join(folder, `config-${Math.random().toString(36).slice(2)}.yaml`);
    writeFileSync(file, config);
    return Program.start(['--config', file], options);
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** The last 64 KB of what it wrote. */
  get log(): string {
    return this.#log;
  }

  /** Waits until `text` stands in the log. */
  async logged(text: string, timeoutMs = 120_000): Promise<void> {
    const until = Date.now() + timeoutMs;
    while (!this.#log.includes(text)) {
      if (!this.running) throw new Error(`the program ended:\n${this.#log}`);
      if (Date.now() > until) throw new Error(`no "${text}" in the log:\n${this.#log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The program's own metrics in the text exposition format. */
  async metrics(): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.#metricsPort}/metrics`);
    return response.text();
  }

  /** Sums the samples of a metric whose labels contain `labels`. */
  async metric(name: string, labels = ''): Promise<number> {
    let sum = 0;
    for (const line of (await this.metrics()).split('\n')) {
      if (!line.startsWith(name) || !line.includes(labels)) continue;
      const rest = line.slice(name.length);
      if (rest.startsWith('{') || rest.startsWith(' ')) sum += Number(rest.split(' ').at(-1));
    }
    return sum;
  }

  /**
   * Nodes that do not balance, one line each; [] when idle and right. Receivers and fan-outs are no
   * accounts: items come from outside, and each branch takes what it takes.
   * @throws Error when the program shows no account
   */
  async unbalanced(): Promise<string[]> {
    const nodes = balances(await this.metrics());
    if (nodes.size === 0) throw new Error('cannot check the ledger: the metrics show no account');
    return [...nodes]
      .filter(([, missing]) => missing !== 0)
      .map(([node, missing]) => `${node}: ${missing} items missing`);
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /**
   * SIGTERM, after two minutes SIGKILL. A program that ended in order has to say that its ledger
   * balances.
   * @returns the exit code, null when it was killed before
   * @throws Error when it had to be killed, or its ledger does not balance
   */
  async stop(): Promise<number | null> {
    if (this.running) {
      await stopProcess(this.process, 120_000);
      if (this.process.exitCode === null) {
        throw new Error(`the program does not stop:\n${this.#log}`);
      }
    }
    await this.#closed;
    const { exitCode } = this.process;
    if (exitCode === 0 && !this.#log.includes('Every item is accounted for.')) {
      throw new Error(`the ledger does not balance:\n${this.#log}`);
    }
    return exitCode;
  }
}

/** What is missing at each account of a text of metrics. */
export function balances(metrics: string): Map<string, number> {
  const nodes = new Map<string, number>();
  for (const line of metrics.split('\n')) {
    const match = /^wirestitch_ledger_items\{([^}]*)\} (\S+)$/.exec(line);
    if (match === null) continue;
    const labels = match[1] ?? '';
    const node = /node="([^"]*)"/.exec(labels)?.[1] ?? '';
    if (/^(receiver\/|fanout of )/.test(node)) continue;
    const flow = /flow="([^"]*)"/.exec(labels)?.[1] ?? '';
    const sign = flow === 'in' || flow === 'created' ? 1 : -1;
    nodes.set(node, (nodes.get(node) ?? 0) + sign * Number(match[2]));
  }
  return nodes;
}
