import { quoteString, type SqlParam } from '../sql.ts';

/**
 * Puts values into the text of a statement. As parameters the text of two searches of one shape is
 * the same, so that the engine examines it once.
 */
export interface Binder {
  text(value: string): string;
  /** Within 64 bits, signed. */
  int(value: bigint): string;
  /** Right side of IN: each within 64 bits, unsigned. */
  uints(values: readonly bigint[]): string;
  /** @param hex 32 lower-case hex digits; see {@link checkedId} */
  traceId(hex: string): string;
  /** An array of ids, each as for {@link traceId}. */
  traceIds(hex: readonly string[]): string;
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

  uints(values: readonly bigint[]): string {
    return this.#add('Array(UInt64)', values);
  }

  traceId(hex: string): string {
    return `unhex(${this.#add('String', checkedId(hex))})`;
  }

  traceIds(hex: readonly string[]): string {
    const all = this.#add('Array(String)', hex.map(checkedId));
    return asIds(`arrayMap(id -> unhex(id), ${all})`);
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
  uints: (values) => `(${values.map((value) => `toUInt64(${value})`).join(', ')})`,
  traceId: (hex) => `unhex('${checkedId(hex)}')`,
  traceIds: (hex) => asIds(`[${hex.map(literals.traceId).join(', ')}]`),
  float: (value) => `toFloat64(${value})`,
  time: (seconds) => `toDateTime(${seconds}, 'UTC')`,
};

/** Few ids make texts that come again; many would only make long parameters. */
const maxBoundIds = 50;

/** The binder for a statement that names so many ids. */
export function bindFor(ids: number): Binder {
  return ids > maxBoundIds ? literals : new Params();
}

/** What goes with the text of a statement. */
export function paramsOf(bind: Binder): Readonly<Record<string, SqlParam>> {
  return bind instanceof Params ? bind.values : {};
}

function asIds(array: string): string {
  return `CAST(${array}, 'Array(FixedString(16))')`;
}

/** @throws Error when `id` is not 32 hex digits */
export function checkedId(id: string): string {
  if (/^[0-9a-f]{32}$/.test(id)) return id;
  throw new Error(`BUG: trace id ${JSON.stringify(id)} is not 32 lower-case hex digits`);
}
