import { quoteString, type SqlParam } from '../sql.ts';

/**
 * Puts values into the text of a statement. As parameters the text of two searches of one shape is
 * the same, so that the engine examines it once.
 */
export interface Binder {
  text(value: string): string;
  /** Within 64 bits, signed. */
  int(value: bigint): string;
  /** Within 64 bits, unsigned. */
  uint(value: bigint): string;
  /** @param hex 32 lower-case hex digits; see {@link checkedId} */
  traceId(hex: string): string;
  /** @param value a number as text, finite */
  float(value: string): string;
  /** Whole seconds since 1970, within what a DateTime holds. */
  time(seconds: bigint): string;
}

/** Values as parameters `{pN:Type}`; equal values share one. */
export class Params implements Binder {
  readonly values: Record<string, SqlParam> = {};
  readonly #names = new Map<string, string>();

  text(value: string): string {
    return this.#add('String', value);
  }

  int(value: bigint): string {
    return this.#add('Int64', value);
  }

  uint(value: bigint): string {
    return this.#add('UInt64', value);
  }

  traceId(hex: string): string {
    return `unhex(${this.#add('String', checkedId(hex))})`;
  }

  float(value: string): string {
    return this.#add('Float64', value);
  }

  time(seconds: bigint): string {
    return `toDateTime(${this.#add('UInt32', seconds)}, 'UTC')`;
  }

  #add(type: string, value: SqlParam): string {
    const key = `${type} ${value}`;
    let name = this.#names.get(key);
    if (name === undefined) {
      name = `p${this.#names.size}`;
      this.#names.set(key, name);
      this.values[name] = value;
    }
    return `{${name}:${type}}`;
  }
}

/** Values in the text itself. */
export const literals: Binder = {
  text: quoteString,
  int: (value) => `toInt64(${value})`,
  uint: (value) => `toUInt64(${value})`,
  traceId: (hex) => `unhex('${checkedId(hex)}')`,
  float: (value) => `toFloat64(${value})`,
  time: (seconds) => `toDateTime(${seconds}, 'UTC')`,
};

/** @throws Error when `id` is not 32 hex digits */
export function checkedId(id: string): string {
  if (/^[0-9a-f]{32}$/.test(id)) return id;
  throw new Error(`BUG: trace id ${JSON.stringify(id)} is not 32 lower-case hex digits`);
}
