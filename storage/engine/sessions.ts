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
  readonly #open: () => ChdbSession;
  #chdb: ChdbSession;
  readonly #base: Readonly<Record<string, string>>;
  readonly #changed = new Map<string, string>();
  readonly #parameters = new Map<string, string>();
  #database = 'default';
  /** Named pipe through which this session's rows leave; see output. */
  readonly pipe: string;

  constructor(open: () => ChdbSession, base: Readonly<Record<string, string>>, pipe: string) {
    this.#open = open;
    this.#chdb = open();
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

  /**
   * Makes the session's database, settings and parameters those of `environment`. Where what an
   * earlier statement set cannot be undone (a limit that stops even that), the connection is
   * replaced. Rejects with EngineError.
   */
  async prepare(environment: Environment): Promise<void> {
    try {
      await this.#change(environment);
    } catch (error) {
      if (![...this.#changed.keys()].some((name) => !environment.settings.has(name))) throw error;
      this.#renew();
      await this.#change(environment);
    }
  }

  #renew(): void {
    const old = this.#chdb;
    this.#chdb = this.#open();
    old.close();
    this.#changed.clear();
    this.#parameters.clear();
    this.#database = 'default';
  }

  async #change(environment: Environment): Promise<void> {
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

  close(): void {
    this.#chdb.close();
  }
}

interface Waiting {
  readonly own: boolean;
  readonly take: (session: Session) => void;
}

/**
 * A fixed set of sessions handed out in order of asking. Clients hold all but `reserved` of them at
 * most, so that they cannot keep the gateway's own statements waiting.
 */
export class Pool {
  readonly #free: Session[];
  readonly #waiting: Waiting[] = [];
  readonly #limit: number;
  /** Most sessions that clients hold at a time. */
  readonly #forClients: number;
  #clients = 0;

  /** @param limit most callers that wait; more are refused with code 202 */
  constructor(sessions: readonly Session[], limit: number, reserved = 0) {
    this.#free = [...sessions];
    this.#limit = limit;
    this.#forClients = sessions.length - reserved;
  }

  /** Runs `work` on a session of its own. @param own it is the gateway's own */
  async use<T>(own: boolean, work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#take(own);
    try {
      return await work(session);
    } finally {
      this.#free.push(session);
      if (!own) this.#clients--;
      const next = this.#waiting.findIndex((waiting) => this.#may(waiting.own));
      if (next >= 0) {
        const [waiting] = this.#waiting.splice(next, 1);
        waiting!.take(this.#pop(waiting!.own));
      }
    }
  }

  #may(own: boolean): boolean {
    return this.#free.length > 0 && (own || this.#clients < this.#forClients);
  }

  #pop(own: boolean): Session {
    if (!own) this.#clients++;
    return this.#free.pop()!;
  }

  #take(own: boolean): Promise<Session> | Session {
    if (this.#may(own)) return this.#pop(own);
    if (this.#waiting.filter((waiting) => waiting.own === own).length >= this.#limit) {
      throw new EngineError(
        codes.tooManyQueries,
        `Too many simultaneous queries: ${this.#limit} wait already`,
      );
    }
    return new Promise((take) => this.#waiting.push({ own, take }));
  }
}
