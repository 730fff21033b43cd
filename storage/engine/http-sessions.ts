import { codes, EngineError } from './errors.ts';
import type { Approved } from './guard.ts';
import { unquote } from './lexer.ts';
import type { Call } from './request.ts';
import { settingsIn } from './settings.ts';

/** Most characters of the settings that one session keeps. */
const keptLimit = 64 << 10;

interface Kept {
  database: string | undefined;
  settings: ReadonlyMap<string, string>;
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

  /**
   * The call with what its session keeps; its own parameters win. Throws EngineError 372 when
   * session_check asks for a session that is not there; close_session ends it.
   */
  apply(call: Call): Call {
    if (call.sessionId === undefined) return call;
    const kept = this.#kept.get(call.sessionId);
    if (kept === undefined) {
      if (!call.sessionCheck) return call;
      throw new EngineError(
        codes.sessionNotFound,
        `Session ${call.sessionId.slice(0, 100)} not found`,
      );
    }
    this.#kept.delete(call.sessionId);
    if (!call.closeSession) this.#kept.set(call.sessionId, kept);
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
    const kept: Kept = this.#kept.get(sessionId) ?? { database: undefined, settings: new Map() };
    const tokens = statement.tokens;
    if (statement.root === 'UseQuery') {
      const name = tokens.at(-1)!;
      kept.database = name.type === 'quoted' ? unquote(name.text) : name.text;
    } else {
      const settings = new Map(kept.settings);
      for (const { name, start, end, value } of settingsIn(tokens)) {
        const string = value.length === 1 && value[0]!.type === 'string';
        const text = statement.canonical.slice(start, end);
        if (!string && text.toUpperCase() === 'DEFAULT') settings.delete(name);
        else settings.set(name, string ? unquote(text) : text);
      }
      if (sizeOf(settings) > keptLimit) {
        throw new EngineError(
          codes.badArguments,
          `Cannot keep more than ${keptLimit} characters of settings in a session`,
        );
      }
      kept.settings = settings;
    }
    this.#kept.set(sessionId, kept);
    if (this.#kept.size > this.#limit) this.#kept.delete(this.#kept.keys().next().value!);
    return true;
  }
}

function sizeOf(settings: ReadonlyMap<string, string>): number {
  let size = 0;
  for (const [name, value] of settings) size += name.length + value.length;
  return size;
}
