import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join, resolve as resolvePath } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { killQuery } from './client.ts';
import { confinedCommand } from './confinement.ts';
import { type ChildConfig, type ChildMessage, mark, scratchPrefix } from './protocol.ts';

/** What the owner of an engine may say; the rest has defaults. */
export interface EngineStart {
  /** Folder of everything the engine stores; made when absent. */
  readonly path: string;
  /** host:port of the TCP listener, port 0 = any; false: none. Default 127.0.0.1:8123. */
  readonly listen?: string | false;
  /** Path of the unix socket, below `path`; false: none. Default `path`/engine.sock. */
  readonly socket?: string | false;
  /** Default: WIRESTITCH_ENGINE_PASSWORD, else generated. */
  readonly password?: string;
  /** Bound of the engine's memory. Default 1 GiB. */
  readonly memoryBytes?: number;
  /** Threads of one query. Default 2. */
  readonly threads?: number;
  /** Most bytes of one request's body. Default 1 GiB. */
  readonly bodyLimit?: number;
  /** Further Host names that are answered while listening on loopback. Default: none. */
  readonly allowedHosts?: readonly string[];
  /** A client that takes nothing of its answer for this long is cut off. Default 30,000. */
  readonly stallMs?: number;
  readonly clock?: StartClock;
  readonly log: (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;
  /** Called when the process ended without being asked; it is started again. */
  readonly onExit?: (reason: string) => void;
}

/** Time of starts and restarts; the system's unless given. */
export interface StartClock {
  /** Milliseconds that never go back. */
  monotonicMs(): number;
  /** Calls `run` once after `ms`. */
  after(ms: number, run: () => void): { cancel(): void };
}

const systemClock: StartClock = {
  monotonicMs: () => performance.now(),
  after(ms, run) {
    const timeout = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timeout) };
  },
};

const entry = fileURLToPath(new URL('./server.ts', import.meta.url));
/** Sessions; one of each kind is left to the gateway's own statements, by the unix socket. */
const readers = 4;
const writers = 3;
const startLimitMs = 60_000;
const socketPathLimit = 107;
const user = 'default';

interface Listen {
  readonly host: string;
  port: number;
}

function parseListen(listen: string | false): Listen {
  if (listen === false) return { host: '127.0.0.1', port: -1 };
  const match = /^(.*):(\d{1,5})$/.exec(listen);
  if (match === null || Number(match[2]) > 65535) {
    throw new Error(`cannot listen at "${listen}": host:port is needed`);
  }
  return { host: match[1]!.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1', port: Number(match[2]) };
}

/** A running engine: a process of its own that is started again when it ends. */
export class EngineProcess {
  readonly #options: EngineStart;
  readonly #path: string;
  readonly #listen: Listen;
  readonly #clock: StartClock;
  readonly username = user;
  readonly password: string;
  /** Whether `password` was made up here and nobody was told. */
  readonly passwordGenerated: boolean;
  readonly socketPath: string | undefined;
  version = '';
  /** What the kernel enforces, as confine reports it; empty: nothing. */
  confined = '';
  #child: ChildProcess | undefined;
  #ready: Promise<void> = Promise.resolve();
  #stopping = false;
  #backoffMs = 0;
  #startedAt = 0;

  constructor(options: EngineStart) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#path = resolvePath(options.path);
    this.#listen = parseListen(options.listen ?? '127.0.0.1:8123');
    const given = options.password ?? process.env.WIRESTITCH_ENGINE_PASSWORD;
    this.passwordGenerated = given === undefined || given === '';
    this.password = this.passwordGenerated ? randomBytes(18).toString('base64url') : given!;
    const socket = options.socket ?? join(this.#path, 'engine.sock');
    const usable = socket !== false && Buffer.byteLength(socket) <= socketPathLimit;
    this.socketPath = usable ? socket : undefined;
    if (socket !== false && !usable) {
      options.log('warn', `no unix socket: ${socket} is longer than ${socketPathLimit} bytes`);
    }
  }

  /** http://host:port; empty without a TCP listener. */
  get url(): string {
    const { host, port } = this.#listen;
    if (port < 0) return '';
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the engine answers; waits through a restart. */
  async ready(): Promise<void> {
    for (let current: Promise<void> | undefined; current !== this.#ready; ) {
      current = this.#ready;
      await current;
    }
  }

  /** Rejects with "cannot start the engine: ..." when the first start fails. */
  async start(): Promise<void> {
    this.#stopping = false;
    this.#ready = this.#launch();
    await this.#ready;
  }

  async #launch(): Promise<void> {
    mkdirSync(this.#path, { recursive: true, mode: 0o700 });
    const scratch = mkdtempSync(join(this.#path, scratchPrefix));
    const pipes = Array.from({ length: readers }, (_, i) => join(scratch, `rows-${i}`));
    await makePipes(pipes);
    const { command, args, warnings } = confinedCommand(this.#path, this.#listen.port, entry);
    for (const warning of warnings) this.#options.log('warn', warning);
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: this.#path,
      env: {
        PATH: '/usr/bin:/bin',
        HOME: scratch,
        TMPDIR: scratch,
        TZ: 'UTC',
        OPENSSL_CONF: '/dev/null',
        UV_THREADPOOL_SIZE: String(readers + writers + 7),
        ...(process.env.WIRESTITCH_NO_NATIVE === '1' ? { WIRESTITCH_NO_NATIVE: '1' } : {}),
      },
    });
    this.#child = child;
    this.#startedAt = this.#clock.monotonicMs();
    child.stdin?.on('error', () => {});
    child.stdin?.write(`${JSON.stringify(this.#childConfig(scratch, pipes))}\n`);
    await this.#handshake(child);
    child.once('exit', (code, signal) => this.#exited(child, signal ?? `code ${code}`));
    if (child.exitCode !== null || child.signalCode !== null) {
      this.#exited(child, child.signalCode ?? `code ${child.exitCode}`);
    }
  }

  #childConfig(scratch: string, pipes: readonly string[]): ChildConfig {
    return {
      data: join(this.#path, 'clickhouse'),
      scratch,
      pipes,
      configFile: join(scratch, 'config.xml'),
      host: this.#listen.host,
      port: this.#listen.port,
      socketPath: this.socketPath ?? '',
      user,
      password: this.password,
      memoryBytes: this.#options.memoryBytes ?? 1 << 30,
      threads: this.#options.threads ?? 2,
      writers,
      bodyLimit: this.#options.bodyLimit ?? 1 << 30,
      allowedHosts: this.#options.allowedHosts ?? [],
      stallMs: this.#options.stallMs ?? 30_000,
    };
  }

  #handshake(child: ChildProcess): Promise<void> {
    const { log } = this.#options;
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        timer.cancel();
        child.kill('SIGKILL');
        reject(new Error(`cannot start the engine: ${why}`));
      };
      const timer = this.#clock.after(startLimitMs, () => fail(`no answer in ${startLimitMs} ms`));
      let lastWords = '';
      createInterface({ input: child.stderr! }).on('line', (line) => {
        lastWords = line;
        log('warn', `engine: ${line}`);
      });
      createInterface({ input: child.stdout! }).on('line', (line) => {
        if (!line.startsWith(mark)) return log('info', `engine: ${line}`);
        const message = JSON.parse(line.slice(mark.length)) as ChildMessage;
        if (message.type === 'failed') return fail(message.message);
        timer.cancel();
        this.#listen.port = message.port;
        this.version = message.version;
        this.confined = message.confined;
        resolve();
      });
      child.once('error', (error) => fail(error.message));
      child.once('exit', (code, signal) => fail(`it ended (${signal ?? code}) ${lastWords}`));
    });
  }

  #exited(child: ChildProcess, reason: string): void {
    if (this.#child !== child || this.#stopping) return;
    this.#child = undefined;
    this.#options.log('error', `the engine ended (${reason}); starting it again`);
    this.#options.onExit?.(reason);
    if (this.#clock.monotonicMs() - this.#startedAt > 60_000) this.#backoffMs = 0;
    this.#ready = this.#relaunch();
    this.#ready.catch(() => {});
  }

  async #relaunch(): Promise<void> {
    for (;;) {
      if (this.#backoffMs > 0) {
        await new Promise<void>((resolve) => this.#clock.after(this.#backoffMs, resolve));
      }
      this.#backoffMs = Math.min(10_000, Math.max(200, this.#backoffMs * 2));
      if (this.#stopping) return;
      try {
        await this.#launch();
        return;
      } catch (error) {
        this.#options.log('error', (error as Error).message);
      }
    }
  }

  /**
   * Resolves when no statement with this query id runs: what it stored is final. A process that
   * does not answer within 30 s is killed and started again, which ends it too. The id may be
   * used again.
   */
  async endQuery(queryId: string): Promise<void> {
    for (;;) {
      await this.ready();
      if (this.#stopping) throw new Error('cannot end a query: the engine is stopped');
      const child = this.#child;
      try {
        await killQuery(this, queryId, 30_000);
        return;
      } catch (error) {
        this.#options.log('warn', `cannot end query ${queryId}: ${(error as Error).message}`);
        if (child !== undefined && this.#child === child) await this.#killAndWait(child);
      }
    }
  }

  /** Ends the process at once and waits for the next one. */
  async restart(): Promise<void> {
    if (this.#child !== undefined) await this.#killAndWait(this.#child);
    await this.ready();
  }

  #killAndWait(child: ChildProcess): Promise<void> {
    return new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('exit', () => setImmediate(resolve));
      child.kill('SIGKILL');
    });
  }

  /** Asks the process to end (statements that run get 10 s), kills it after 15 s. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(15_000, () => void child.kill('SIGKILL'));
      child.once('exit', () => {
        timer.cancel();
        resolve();
      });
      child.stdin?.end();
    });
  }
}

async function makePipes(paths: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)('mkfifo', ['-m', '0200', ...paths]);
  } catch (error) {
    throw new Error(`cannot make named pipes: ${(error as Error).message}`, { cause: error });
  }
}

/** Starts the embedded engine and waits until it answers. */
export async function startEngine(options: EngineStart): Promise<EngineProcess> {
  const engine = new EngineProcess(options);
  await engine.start();
  return engine;
}
