import type { Approved } from './guard.ts';
import type { Environment } from './sessions.ts';

/** A statement's text and what still has to be set before it runs. */
export interface Inlined {
  readonly canonical: string;
  /** Follows the statement; '' or ` SETTINGS ...`. */
  readonly tail: string;
  readonly rest: Environment;
}

/** Limits and choices of the planner: numbers that mean the same for a statement as for a session. */
const plainSetting = /^(max|optimize|use|force)_[a-z_]+$/;
const plainValue = /^\d{1,18}$/;

const integerBits: ReadonlyMap<string, number> = new Map([
  ['UInt8', 8],
  ['UInt16', 16],
  ['UInt32', 32],
  ['UInt64', 64],
  ['Int8', -8],
  ['Int16', -16],
  ['Int32', -32],
  ['Int64', -64],
]);

/**
 * Moves parameters of simple types and plain settings into the text of an approved SELECT, so that
 * no statement has to set them first. What is not simple stays in `rest`.
 */
export function inline(statement: Approved, environment: Environment): Inlined {
  const { canonical, tokens } = statement;
  const parameters = new Map(environment.parameters);
  const settings = new Map(environment.settings);
  let out = '';
  let from = 0;
  const kept = new Set<string>();
  for (let i = 0; i + 4 < tokens.length; i++) {
    const [open, name, colon, type, close] = tokens.slice(i, i + 5);
    if (open!.text !== '{' || name!.type !== 'word' || colon!.text !== ':') continue;
    const value = environment.parameters.get(name!.text);
    const simple = value !== undefined && close!.text === '}';
    const text = simple ? constant(type!.text, value) : undefined;
    if (text === undefined) {
      kept.add(name!.text);
      continue;
    }
    out += canonical.slice(from, open!.start) + text;
    from = close!.end;
  }
  for (const name of parameters.keys()) if (!kept.has(name)) parameters.delete(name);
  const clauses: string[] = [];
  if (!tokens.some((token) => token.depth === 0 && token.upper === 'SETTINGS')) {
    for (const [name, value] of settings) {
      if (!plainSetting.test(name) || !plainValue.test(value)) continue;
      clauses.push(`${name} = ${value}`);
      settings.delete(name);
    }
  }
  return {
    canonical: out + canonical.slice(from),
    tail: clauses.length === 0 ? '' : ` SETTINGS ${clauses.join(', ')}`,
    rest: { database: environment.database, settings, parameters },
  };
}

/** The value of a parameter as text of a statement; undefined where only the engine can read it. */
function constant(type: string, value: string): string | undefined {
  if (type === 'String') return escapedText(value);
  const bits = integerBits.get(type);
  if (bits === undefined || !/^-?\d{1,20}$/.test(value)) return undefined;
  const number = BigInt(value);
  const same =
    bits > 0 ? BigInt.asUintN(bits, number) === number : BigInt.asIntN(-bits, number) === number;
  return same ? `CAST(${number}, '${type}')` : undefined;
}

/** Parameters are escaped as in TabSeparated, a subset of what a literal may have but for quotes. */
function escapedText(value: string): string | undefined {
  if (!/^(?:[^\\\t\n\0]|\\[\\ntrb0'])*$/.test(value)) return undefined;
  return `'${value.replace(/\\.|'/g, (found) => (found === "'" ? "\\'" : found))}'`;
}
