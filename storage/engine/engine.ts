import { chmodSync, closeSync, constants as fs, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { engineSettings } from './allowed-settings.ts';
import { type Attempt, Attempts } from './attempts.ts';
import { type Bounds, baseSettings, type Chdb } from './chdb.ts';
import { codes, EngineError } from './errors.ts';
import {
  type Approved,
  approve,
  checkFormat,
  checkSetting,
  checkValues,
  type KnownNames,
  type Parser,
} from './guard.ts';
import { inline } from './inline.ts';
import { literal } from './lexer.ts';
import { type Answer, type Environment, Pool, Session } from './sessions.ts';
import { boundedMemory } from './settings.ts';
import { insertFrom, selectInto } from './statement.ts';

interface EngineOptions {
  readonly path: string;
  readonly configFile: string;
  readonly bounds: Bounds;
  /** Folder for spooled bodies and pipes. */
  readonly scratch: string;
  /** Existing named pipes, one per reading session; clients use all but one at a time. */
  readonly pipes: readonly string[];
  /** Sessions that insert; clients use all but one at a time. */
  readonly writers: number;
}

/** Most callers that wait for a session of one pool. */
const waitingLimit = 200;
/** Time of a client's statement, in seconds, that sets no max_execution_time. */
const clientSeconds = 600;
/** The engine's own limit of a statement's text: a smaller one may keep a session from being reset. */
const querySize = 262_144;
/** Turns of the event loop in which every request that lies in a socket is accepted and read. */
const loopTurns = 5;
/** Approved statements kept; longer texts are not. */
const approvedLimit = 500;
const approvedTextLimit = 64 << 10;

/** ClickHouse in this process: sessions, the guard before them, and the end of statements. */
export class Engine {
  readonly attempts = new Attempts();
  readonly #options: EngineOptions;
  readonly #readers: Pool;
  readonly #writers: Pool;
  readonly #control: Pool;
  readonly #approved = new Map<string, Approved>();
  readonly #parser: Parser;
  #known: KnownNames = {
    tableFunctions: new Set(),
    functions: new Set(),
    engines: new Set(),
    formats: new Set(),
    settings: new Map(),
    statementMemory: 0,
  };
  #version = '';
  #files = 0;

  constructor(options: EngineOptions, chdb: Chdb) {
    this.#options = options;
    const base = baseSettings(options.bounds);
    const connectionArgs = [
      `--config-file=${options.configFile}`,
      ...Object.entries(base).map(([name, value]) => `--${name}=${value}`),
    ];
    const open = (pipe: string) =>
      new Session(() => new chdb.Session(options.path, { connectionArgs }), base, pipe);
    this.#control = new Pool([open('')], 10_000);
    this.#readers = new Pool(options.pipes.map(open), waitingLimit, 1);
    this.#writers = new Pool(
      Array.from({ length: options.writers }, () => open('')),
      waitingLimit,
      1,
    );
    this.#parser = {
      canonical: (sql) => this.#ask(`SELECT formatQuerySingleLine(${literal(sql)})`),
      ast: (sql) => this.#ask(`EXPLAIN AST ${sql}`),
    };
  }

  /** Throws EngineError 73 when the engine does not know the format. */
  checkFormat(name: string): void {
    checkFormat(name, this.#known);
  }

  /** Throws EngineError when a client may not change the setting (497), or there is none (115). */
  checkSetting(name: string): void {
    checkSetting(name, this.#known);
  }

  /**
   * What a statement really runs with. Throws EngineError 36 for a limit under which its session
   * could not be given to the next statement. At most the memory of one statement, and a client's
   * statement has the default time unless it says how long.
   */
  bounded(environment: Environment, own: boolean): Environment {
    const settings = new Map(environment.settings);
    const memory = settings.get('max_memory_usage');
    if (memory !== undefined) {
      settings.set('max_memory_usage', boundedMemory(memory, this.#known.statementMemory));
    }
    const size = settings.get('max_query_size') ?? '0';
    if (!/^\d{1,18}$/.test(size) || (size !== '0' && Number(size) < querySize)) {
      throw new EngineError(
        codes.badArguments,
        `Cannot take max_query_size = "${size.slice(0, 100)}": 0, or ${querySize} and more`,
      );
    }
    if (!own && !settings.has('max_execution_time')) {
      settings.set('max_execution_time', String(clientSeconds));
    }
    return { ...environment, settings };
  }

  /** See guard.ts: whether data of INSERT ... VALUES has expressions. Throws EngineError. */
  checkValues(data: string): boolean {
    return checkValues(data, this.#known);
  }

  get version(): string {
    return this.#version;
  }

  /** Makes `default` an ordinary database and learns what the engine knows. */
  async start(): Promise<void> {
    await this.#ownDefaultDatabase();
    const list = async (sql: string) => new Set((await this.#ask(sql)).toLowerCase().split('\n'));
    this.#known = {
      tableFunctions: await list('SELECT name FROM system.table_functions'),
      functions: await list('SELECT name FROM system.functions'),
      engines: await list('SELECT name FROM system.table_engines'),
      formats: await list('SELECT name FROM system.formats'),
      settings: await this.#settings(),
      statementMemory: Number(baseSettings(this.#options.bounds).max_memory_usage),
    };
    this.#version = (await this.#ask('SELECT version()')).trim();
  }

  async #settings(): Promise<Map<string, string>> {
    const types = new Map(Object.entries(engineSettings));
    for (const table of ['merge_tree_settings', 'settings']) {
      const text = await this.#ask(`SELECT name, type FROM system.${table}`);
      for (const line of text.trimEnd().split('\n')) {
        const [name, type] = line.split('\t');
        types.set(name!.toLowerCase(), type!);
      }
    }
    return types;
  }

  /**
   * The engine's own `default` is an overlay that reads any file whose name is given as a table
   * name. The tables in it belong to an Atomic database with the same metadata, so that is put in
   * its place: dropped when it never was one, reattached otherwise.
   */
  async #ownDefaultDatabase(): Promise<void> {
    const kind = (
      await this.#ask("SELECT engine FROM system.databases WHERE name = 'default'")
    ).trim();
    if (kind === 'Overlay') {
      const stored = (await this.#ask('SHOW TABLES FROM default')).trim() !== '';
      await this.#ask('DETACH DATABASE default');
      try {
        await this.#ask('ATTACH DATABASE default');
      } catch (error) {
        if (stored) throw error;
        // Its definition from an earlier start cannot be attached when it never had a table.
        await rm(join(this.#options.path, 'metadata/default.sql'), { force: true });
        await this.#ask('CREATE DATABASE default ENGINE = Atomic');
      }
    }
    const now = (await this.#ask('SHOW CREATE DATABASE default')).trim();
    if (!/ENGINE = Atomic/.test(now)) {
      throw new Error(`cannot make "default" an ordinary database: it is ${now}`);
    }
    await this.#control.use(true, (session) => session.run('USE default', 'TSV'));
  }

  async #ask(sql: string): Promise<string> {
    const answer = await this.#control.use(true, (session) => session.run(sql, 'TSVRaw'));
    return Buffer.from(answer.bytes).toString();
  }

  /** See guard.ts. Approved texts are kept (500, oldest out). */
  async approve(sql: string): Promise<Approved> {
    const kept = this.#approved.get(sql);
    if (kept !== undefined) return kept;
    const approved = await approve(sql, this.#parser, this.#known);
    if (sql.length <= approvedTextLimit) {
      if (this.#approved.size >= approvedLimit) {
        this.#approved.delete(this.#approved.keys().next().value!);
      }
      this.#approved.set(sql, approved);
    }
    return approved;
  }

  /** A name for a file in the scratch folder that does not exist. */
  scratchFile(): string {
    return join(this.#options.scratch, `body-${process.pid}-${++this.#files}`);
  }

  /** Runs an INSERT whose data is in `file`, and removes the file. Rejects with EngineError. */
  async insert(
    statement: Approved,
    file: string,
    environment: Environment,
    attempt: Attempt,
  ): Promise<Answer> {
    try {
      const sql = insertFrom(statement.canonical, literal(file));
      return await this.#writers.use(attempt.own, async (session) => {
        await session.prepare(environment);
        attempt.check();
        return session.run(`${attempt.tag}${sql}`, 'TabSeparated');
      });
    } finally {
      await rm(file, { force: true });
    }
  }

  /** Runs a statement that gives few rows or none. Rejects with EngineError. */
  run(
    statement: Approved,
    format: string,
    environment: Environment,
    attempt: Attempt,
  ): Promise<Answer> {
    return this.#readers.use(attempt.own, async (session) => {
      await session.prepare(environment);
      attempt.check();
      return session.run(`${attempt.tag}${statement.canonical}`, format);
    });
  }

  /**
   * Runs a SELECT; its rows come out of the stream that `use` receives, as the engine writes them
   * into a pipe, so that a slow client slows the query instead of filling memory. When `use`
   * settles early, the query is stopped. Rejects with EngineError.
   */
  select(
    statement: Approved,
    format: string,
    environment: Environment,
    attempt: Attempt,
    use: (rows: Socket, outcome: Promise<Answer>) => Promise<void>,
  ): Promise<void> {
    return this.#readers.use(attempt.own, async (session) => {
      const { canonical, tail, rest } = inline(statement, environment);
      await session.prepare(rest);
      attempt.check();
      const rows = new Socket({ fd: openPipe(session.pipe), readable: true, writable: false });
      rows.on('error', () => {});
      const release = holdPipe(session.pipe);
      const sql = selectInto(canonical, literal(session.pipe), format) + tail;
      const outcome = session.run(`${attempt.tag}${sql}`, format).finally(release);
      outcome.catch(() => {});
      try {
        await use(rows, outcome);
      } finally {
        rows.destroy();
        release();
        await this.#stop(attempt, outcome, session.pipe);
      }
    });
  }

  /** Ends a statement that runs in the engine; resolves when it has. */
  async #stop(attempt: Attempt, outcome: Promise<unknown>, pipe: string): Promise<void> {
    let settled = false;
    const end = outcome.then(
      () => {
        settled = true;
      },
      () => {
        settled = true;
      },
    );
    await Promise.resolve();
    while (!settled) {
      const pause = new Promise((resolve) => setTimeout(resolve, 100).unref());
      await Promise.race([end, pause]);
      if (settled) return;
      // an engine that waits for a reader of the pipe cannot be killed: let it find one
      closeSync(openPipe(pipe));
      await this.#kill(attempt);
    }
  }

  async #kill(attempt: Attempt): Promise<void> {
    await this.#ask(`KILL QUERY WHERE startsWith(query, ${literal(attempt.tag)}) ASYNC`);
  }

  /**
   * Resolves when no statement with this id runs any more: its outcome is final. A request that had
   * reached this machine before the call, and was not read yet, is found too.
   * @returns whether one was running
   */
  async endQuery(queryId: string): Promise<boolean> {
    for (let turn = 0; turn < loopTurns; turn++) await new Promise(setImmediate);
    const attempt = this.attempts.get(queryId);
    if (attempt === undefined) return false;
    attempt.cancel();
    let ended = false;
    const end = attempt.ended.then(() => {
      ended = true;
    });
    while (!ended) {
      await this.#kill(attempt);
      await Promise.race([end, new Promise((resolve) => setTimeout(resolve, 100))]);
    }
    return true;
  }
}

/**
 * Opens a pipe for reading too. Else it may only be written: a client can make the engine open any
 * file of its own as the data of a time zone, and would take rows of others or wait for ever.
 */
function openReadable(path: string, flags: number): number {
  chmodSync(path, 0o600);
  try {
    return openSync(path, flags | fs.O_NONBLOCK);
  } finally {
    chmodSync(path, 0o200);
  }
}

function openPipe(path: string): number {
  return openReadable(path, fs.O_RDONLY);
}

/**
 * Keeps both ends of a pipe open: the engine opens its end more than once when it fails, and must
 * neither wait for a reader nor make an end of file before the statement has ended.
 * @returns lets go of it; safe to call twice
 */
function holdPipe(path: string): () => void {
  let fd: number | undefined = openReadable(path, fs.O_RDWR);
  return () => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
}

/** Refuses parameters that were not given, before the engine could find another client's. */
export function checkParameters(statement: Approved, environment: Environment): void {
  for (const name of statement.parameters) {
    if (!environment.parameters.has(name)) {
      throw new EngineError(codes.unsetParameter, `Substitution \`${name}\` is not set`);
    }
  }
}
