import type { Approved } from './guard.ts';
import { unquote } from './lexer.ts';
import type { Call } from './request.ts';

interface Kept {
  database: string | undefined;
  readonly settings: Map<string, string>;
}

/**
 * What session_id keeps between requests: the database of USE and the settings of SET. Temporary
 * tables are not kept. The least recently used session beyond the limit is forgotten.
 */
export class HttpSessions {
  readonly #kept = new Map<string, Kept>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The call with what its session keeps; its own parameters win. */
  apply(call: Call): Call {
    if (call.sessionId === undefined) return call;
    const kept = this.#kept.get(call.sessionId);
    if (kept === undefined) return call;
    this.#kept.delete(call.sessionId);
    this.#kept.set(call.sessionId, kept);
    const explicit = call.url.searchParams.has('database');
    return {
      ...call,
      environment: {
        ...call.environment,
        database: explicit
          ? call.environment.database
          : (kept.database ?? call.environment.database),
        settings: new Map([...kept.settings, ...call.environment.settings]),
      },
    };
  }

  /** Takes USE and SET; without a session they have no effect, as each request is its own. */
  handles(sessionId: string | undefined, statement: Approved): boolean {
    if (statement.root !== 'UseQuery' && statement.root !== 'Set') return false;
    if (sessionId === undefined) return true;
    const kept = this.#kept.get(sessionId) ?? { database: undefined, settings: new Map() };
    const tokens = statement.tokens;
    if (statement.root === 'UseQuery') {
      const name = tokens.at(-1)!;
      kept.database = name.type === 'quoted' ? unquote(name.text) : name.text;
    } else {
      for (let i = 1; i + 2 < tokens.length; i++) {
        const value = tokens[i + 2]!;
        if (tokens[i]!.type !== 'word' || tokens[i + 1]!.text !== '=') continue;
        kept.settings.set(
          tokens[i]!.text,
          value.type === 'string' ? unquote(value.text) : value.text,
        );
      }
    }
    this.#kept.set(sessionId, kept);
    if (this.#kept.size > this.#limit) this.#kept.delete(this.#kept.keys().next().value!);
    return true;
  }
}
