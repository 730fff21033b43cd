import type { ChdbSession } from './chdb.ts';
import { codes, EngineError, fromEngine } from './errors.ts';
import { identifier, literal } from './lexer.ts';

/** What a statement runs with, beside its text. Values of settings are text, as in a URL. */
export interface Environment {
  readonly database: string;
  readonly settings: ReadonlyMap<string, string>;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Result of a statement whose rows did not go to a file. */
export interface Answer {
  readonly bytes: Uint8Array;
  readonly rowsRead: number;
}

/** One connection to the engine. Statements on it run one after the other. */
export class Session {
  readonly #chdb: ChdbSession;
  readonly #base: Readonly<Record<string, string>>;
  readonly #changed = new Map<string, string>();
  readonly #parameters = new Map<string, string>();
  #database = 'default';
  /** Named pipe through which this session's rows leave; see output. */
  readonly pipe: string;

  constructor(chdb: ChdbSession, base: Readonly<Record<string, string>>, pipe: string) {
    this.#chdb = chdb;
    this.#base = base;
    this.pipe = pipe;
  }

  /** Rejects with EngineError. */
  async run(sql: string, format: string): Promise<Answer> {
    try {
      const result = await this.#chdb.queryAsync(sql, { format });
      return { bytes: result.bytes(), rowsRead: result.rowsRead };
    } catch (error) {
      throw fromEngine(error);
    }
  }

  /** Makes the session's database, settings and parameters those of `environment`. */
  async prepare(environment: Environment): Promise<void> {
    if (environment.database !== this.#database) {
      await this.run(`USE ${identifier(environment.database)}`, 'TSV');
      this.#database = environment.database;
    }
    const { settings, parameters } = environment;
    const undone = [...this.#changed.keys()].filter((name) => !settings.has(name));
    const wanted = [...settings].filter(([name, value]) => this.#changed.get(name) !== value);
    const bound = [...parameters].filter(([name, value]) => this.#parameters.get(name) !== value);
    // Until the statement has run nobody knows which of them hold.
    for (const name of [...undone, ...wanted.map(([name]) => name)]) {
      this.#changed.set(name, '\0unknown');
    }
    for (const [name] of bound) this.#parameters.delete(name);
    const changes = [
      ...undone.map((name) => [name, this.#base[name]] as const),
      ...wanted,
      ...bound.map(([name, value]) => [`param_${name}`, value] as const),
    ].map(([name, value]) => `${name} = ${value === undefined ? 'DEFAULT' : literal(value)}`);
    if (changes.length > 0) await this.run(`SET ${changes.join(', ')}`, 'TSV');
    for (const name of undone) this.#changed.delete(name);
    for (const [name, value] of wanted) this.#changed.set(name, value);
    for (const [name, value] of bound) this.#parameters.set(name, value);
    if (this.#parameters.size > 1000) this.#parameters.clear();
  }

  /** The statement-independent form of `name = value` pairs that all sessions start with. */
  async start(): Promise<void> {
    for (const [name, value] of Object.entries(this.#base)) {
      await this.run(`SET ${name} = ${literal(value)}`, 'TSV');
    }
    await this.run('USE default', 'TSV');
  }

  close(): void {
    this.#chdb.close();
  }
}

interface Waiting {
  readonly own: boolean;
  readonly take: (session: Session) => void;
}

/**
 * A fixed set of sessions handed out in order of asking. The last `reserved` ones are only for the
 * gateway's own statements, so that clients cannot keep it waiting.
 */
export class Pool {
  readonly #free: Session[];
  readonly #waiting: Waiting[] = [];
  readonly #limit: number;
  readonly #reserved: number;

  /** @param limit most callers that wait; more are refused with code 202 */
  constructor(sessions: readonly Session[], limit: number, reserved = 0) {
    this.#free = [...sessions];
    this.#limit = limit;
    this.#reserved = reserved;
  }

  /** Runs `work` on a session of its own. @param own it is the gateway's own */
  async use<T>(own: boolean, work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#take(own);
    try {
      return await work(session);
    } finally {
      this.#free.push(session);
      const next = this.#waiting.findIndex((waiting) => this.#may(waiting.own));
      if (next >= 0) this.#waiting.splice(next, 1)[0]!.take(this.#free.pop()!);
    }
  }

  #may(own: boolean): boolean {
    return this.#free.length > (own ? 0 : this.#reserved);
  }

  #take(own: boolean): Promise<Session> | Session {
    if (this.#may(own)) return this.#free.pop()!;
    if (this.#waiting.filter((waiting) => waiting.own === own).length >= this.#limit) {
      throw new EngineError(
        codes.tooManyQueries,
        `Too many simultaneous queries: ${this.#limit} wait already`,
      );
    }
    return new Promise((take) => this.#waiting.push({ own, take }));
  }
}
