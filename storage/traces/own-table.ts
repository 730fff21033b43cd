import { SqlError } from '../sql.ts';
import { type Locator, projectionLocator, spansLocator } from './locate.ts';

/** Codes that say nothing about whether the server can do it: no such table or database. */
const notMadeCodes = new Set([60, 81]);
/** A user who may read only is refused the table function by it; it counts as retryable. */
const readOnlyCode = 164;

/**
 * Reads `spans` in the cheapest way that the server understands: as a table of this program's own
 * schema, until a statement of that kind is refused (a distributed table, an older server or
 * schema, a user without the right), then for ever as any table.
 */
export class OwnTable {
  readonly #own: Locator;
  readonly #any: Locator;
  #refused = false;

  /** @param table name of the spans, quoted */
  constructor(database: string, table: string) {
    this.#own = projectionLocator(database);
    this.#any = spansLocator(table);
  }

  async use<T>(
    asOwn: (locator: Locator) => Promise<T>,
    asAny: (locator: Locator) => Promise<T>,
  ): Promise<T> {
    if (this.#refused) return asAny(this.#any);
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
