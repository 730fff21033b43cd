import type { Signal } from '../pdata/signal.ts';
import { OttlError } from './errors.ts';
import type { FunctionTable } from './functions/types.ts';
import { Walker } from './grammar/check.ts';
import { parseCondition, parseStatement } from './grammar/parse.ts';
import { quote } from './grammar/quote.ts';
import { type ContextName, enumNumber, pathContexts } from './paths/contexts.ts';

/** Contexts from the most to the least particular. */
const priority: readonly string[] = [
  'log',
  'exemplar',
  'datapoint',
  'metric',
  'spanevent',
  'span',
  'profile',
  'scope',
  'instrumentation_scope',
  'resource',
];

/** Contexts that a signal's statements may run on, each with what it may call. */
export type Candidates = ReadonlyMap<ContextName, FunctionTable>;

const contexts: Readonly<Partial<Record<Signal, readonly ContextName[]>>> = {
  traces: ['resource', 'scope', 'span', 'spanevent'],
  metrics: ['resource', 'scope', 'metric', 'datapoint'],
  logs: ['resource', 'scope', 'log'],
};

/** The contexts of a signal, none for profiles. @param functions what each of them may call */
export function candidatesOf(
  signal: Signal,
  functions: (context: ContextName) => FunctionTable,
): Candidates {
  return new Map((contexts[signal] ?? []).map((name) => [name, functions(name)]));
}

function rank(context: string): number {
  const at = priority.indexOf(context);
  return at < 0 ? priority.length : at;
}

/** What statements and conditions name. */
interface Hints {
  readonly contexts: Set<string>;
  readonly functions: Set<string>;
  readonly enums: Set<string>;
}

function collect(statements: readonly string[], conditions: readonly string[]): Hints {
  const hints: Hints = { contexts: new Set(), functions: new Set(), enums: new Set() };
  const walker = new Walker({
    path: ({ context }) => hints.contexts.add(context),
    call: ({ name }) => hints.functions.add(name),
    enum: (name) => hints.enums.add(name),
  });
  for (const text of statements) walker.statement(parseStatement(text));
  for (const text of conditions) walker.condition(parseCondition(text));
  return hints;
}

function knowsEnum(context: ContextName, symbol: string): boolean {
  try {
    enumNumber(context, symbol);
    return true;
  } catch {
    return false;
  }
}

/** Why a context cannot run what the hints name; undefined = it can. */
function fault(context: string, hints: Hints, candidates: Candidates): string | undefined {
  const functions = candidates.get(context as ContextName);
  if (functions === undefined) return `inferred context "${context}" is not a valid candidate`;
  for (const name of hints.functions) {
    if (!functions.has(name)) {
      return `inferred context "${context}" does not support the function "${name}"`;
    }
  }
  for (const symbol of hints.enums) {
    if (!knowsEnum(context as ContextName, symbol)) {
      return `inferred context "${context}" does not support the enum symbol "${symbol}"`;
    }
  }
  return undefined;
}

/** The contexts in which paths of a context may be used, the most particular first. */
function lowerContexts(context: string, candidates: Candidates): ContextName[] {
  return [...candidates.keys()]
    .filter((name) => name !== context && pathContexts(name).includes(context))
    .sort((a, b) => rank(a) - rank(b));
}

const list = (texts: readonly string[]): string => `[${texts.map(quote).join(' ')}]`;

/** @throws OttlError that names the statements beside the one that cannot be read */
function hintsOf(
  statements: readonly string[],
  conditions: readonly string[],
  candidates: Candidates,
): Hints {
  try {
    return collect(statements, conditions);
  } catch (error) {
    if (statements.length === 0 || !(error instanceof OttlError)) throw error;
    const given = `statements ${list(statements)} and conditions ${list(conditions)}`;
    const known = list([...candidates.keys()]);
    const what = `unable to infer a valid context (${known}) from ${given}`;
    throw new OttlError(`${what}: ${error.message}`, error.column);
  }
}

/**
 * Finds the context that statements and conditions, whose paths name theirs, are to run on: the
 * most particular one that they name, or one below it when that lacks a function or enum.
 *
 * @throws OttlError when there is none
 */
export function inferContext(
  statements: readonly string[],
  conditions: readonly string[],
  candidates: Candidates,
): ContextName {
  const hints = hintsOf(statements, conditions, candidates);
  const named = [...hints.contexts].sort((a, b) => rank(a) - rank(b))[0] ?? '';
  const given =
    statements.length > 0
      ? `statements ${list(statements)} and conditions ${list(conditions)}`
      : `conditions ${list(conditions)}`;
  const known = list([...candidates.keys()]);
  if (named === '') {
    throw new OttlError(
      `unable to infer context from ${given}, path's first segment must be a valid context name ${known}, and at least one context must be capable of parsing all statements`,
    );
  }
  if (hints.functions.size > 0 || hints.enums.size > 0) {
    const reason = fault(named, hints, candidates);
    if (reason === undefined) return named as ContextName;
    const lower = lowerContexts(named, candidates).find(
      (name) => fault(name, hints, candidates) === undefined,
    );
    if (lower !== undefined) return lower;
    throw new OttlError(`unable to infer a valid context (${known}) from ${given}: ${reason}`);
  }
  if (candidates.has(named as ContextName)) return named as ContextName;
  throw new OttlError(
    `context "${named}" inferred from the ${given} is not a supported context: ${known}`,
  );
}
