import { quoteString, type SqlClient, SqlError } from '../sql.ts';
import { type Locator, projectionLocator, spansLocator } from './locate.ts';

/** Codes that say nothing about whether the server can do it: no such table or database. */
const notMadeCodes = new Set([60, 81]);
/** A user who may read only is refused the table function by it; it counts as retryable. */
const readOnlyCode = 164;

/** Never rejects. */
export type Complete = () => Promise<boolean>;

/** How long an answer counts, ms: parts of a backup may come at any time. */
const completeMs = 60_000;
const incompleteMs = 5_000;
/** How long is waited for an answer, ms: most of a call's time is for the call itself. */
const askMs = 2_000;

/**
 * Whether all parts of `spans` have the projection `places`: those that an older program wrote get
 * it in the background, and those of a backup may never. False where the server does not say.
 * @param now milliseconds since 1970
 */
export function placesComplete(client: SqlClient, database: string, now: () => number): Complete {
  const sql = `SELECT toUInt8(count() = 0) FROM system.parts WHERE active AND rows > 0
    AND database = ${quoteString(database)} AND table = 'spans' AND NOT has(projections, 'places')`;
  let answer: Promise<boolean> | undefined;
  let until = 0;
  const ask = async (): Promise<boolean> => {
    try {
      const complete = (await client.query(sql, { timeoutMs: askMs }))[0] === 1;
      until = now() + (complete ? completeMs : incompleteMs);
      return complete;
    } catch {
      until = now() + incompleteMs;
      return false;
    }
  };
  return () => {
    if (answer === undefined || now() >= until) {
      until = Number.POSITIVE_INFINITY;
      answer = ask();
    }
    return answer;
  };
}

/**
 * Reads `spans` in the cheapest way that the server understands: as a table of this program's own
 * schema, until a statement of that kind is refused (a distributed table, an older server or
 * schema, a user without the right), then for ever as any table.
 */
export class OwnTable {
  readonly #own: Locator;
  readonly #any: Locator;
  readonly #complete: Complete;
  #refused = false;

  /**
   * @param table name of the spans, quoted
   * @param complete whether the projection that is asked by its name has all spans
   */
  constructor(database: string, table: string, complete: Complete) {
    this.#own = projectionLocator(database);
    this.#any = spansLocator(table);
    this.#complete = complete;
  }

  async use<T>(
    asOwn: (locator: Locator) => Promise<T>,
    asAny: (locator: Locator) => Promise<T>,
  ): Promise<T> {
    if (this.#refused || !(await this.#complete())) return asAny(this.#any);
    try {
      return await asOwn(this.#own);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const answer = await asAny(this.#any);
      this.#refused = true;
      return answer;
    }
  }
}

function isRefusal(error: unknown): boolean {
  if (!(error instanceof SqlError) || error.outcome !== 'failed') return false;
  if (error.code === 0 || notMadeCodes.has(error.code)) return false;
  return !error.retryable || error.code === readOnlyCode;
}
