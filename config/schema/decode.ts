import type { z } from 'zod';
import type { ConfigIssue } from './issue.ts';
import { materialize } from './materialize.ts';
import { type ConfNode, type ConfPath, nodeAt, positionAt } from './node.ts';
import { type AnySchema, constantsOf, flagged, hasDefault, keysOf, schemasAt } from './shape.ts';
import { didYouMean } from './suggest.ts';

/** What decoding gives: the configuration, or all of its faults. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

/**
 * Decodes a configuration value.
 * @param node the value; null means "all defaults"
 * @param path where it stands, for messages (`['receivers', 'otlp']`)
 */
export function decode<T>(node: ConfNode, schema: z.ZodType<T>, path: ConfPath = []): Decoded<T> {
  const empty = node.kind === 'scalar' && node.value === null;
  const parsed = schema.safeParse(empty ? {} : materialize(node, schema));
  if (parsed.success) return { ok: true, value: parsed.data };
  const issues = parsed.error.issues.flatMap((issue) => explain(issue, [], { node, schema, path }));
  return { ok: false, issues: issues.toSorted(byPosition) };
}

function byPosition(a: ConfigIssue, b: ConfigIssue): number {
  const line = (a.at?.line ?? 0) - (b.at?.line ?? 0);
  return line === 0 ? (a.at?.column ?? 0) - (b.at?.column ?? 0) : line;
}

interface Scope {
  readonly node: ConfNode;
  readonly schema: AnySchema;
  readonly path: ConfPath;
}

function explain(issue: z.core.$ZodIssue, base: ConfPath, scope: Scope): ConfigIssue[] {
  const path: ConfPath = [...base, ...issue.path.map((step) => asStep(step))];
  const at = (extra: ConfPath = []) => positionAt(scope.node, [...path, ...extra]);
  const full = [...scope.path, ...path];
  const schemas = schemasAt(scope.schema, path);
  if (issue.code === 'unrecognized_keys') {
    const known = keysOf(schemas);
    return issue.keys.map((key) => ({
      at: at([key]),
      path: full,
      message: `unknown key ${JSON.stringify(key)}${didYouMean(key, known)}`,
    }));
  }
  const given = nodeAt(scope.node, path);
  if (issue.code === 'invalid_union') {
    const branch = bestBranch(issue, given);
    if (branch !== undefined) return branch.flatMap((inner) => explain(inner, path, scope));
  }
  if (issue.code === 'invalid_union' && given?.kind === 'scalar') {
    const message = describeChoice(constantsOf(schemas), given);
    if (message !== undefined) return [{ at: at(), path: full, message }];
  }
  const absent = given === undefined || (given.kind === 'scalar' && given.value === null);
  const key = path.at(-1);
  const isZero = given !== undefined && schemas.some(hasDefault);
  if (absent && !isZero && key !== undefined && issue.code !== 'custom') {
    const where = positionAt(scope.node, path.slice(0, -1));
    const message = `missing required key ${JSON.stringify(key)}`;
    return [{ at: where, path: full.slice(0, -1), message }];
  }
  const secret = schemas.some((schema) => flagged(schema, 'secret'));
  return [{ at: at(), path: full, message: describe(issue, secret ? undefined : given) }];
}

function asStep(step: PropertyKey): string | number {
  return typeof step === 'number' ? step : String(step);
}

/** The branch of a union that got furthest with the kind of value that was given. */
function bestBranch(
  issue: z.core.$ZodIssueInvalidUnion,
  given: ConfNode | undefined,
): z.core.$ZodIssue[] | undefined {
  const wrongKind = (branch: readonly z.core.$ZodIssue[]) =>
    branch.some((i) => i.code === 'invalid_type' && i.path.length === 0);
  const fitting = issue.errors.filter((branch) => !wrongKind(branch));
  if (fitting.length === 1) return fitting[0];
  if (given === undefined || given.kind === 'scalar') return undefined;
  return fitting.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
}

function depth(branch: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...branch.map((issue) => issue.path.length));
}

function describe(issue: z.core.$ZodIssue, given: ConfNode | undefined): string {
  const hint = given?.kind === 'scalar' && given.hint !== undefined ? ` (${given.hint})` : '';
  const got = given === undefined ? '' : `, got ${show(given)}${hint}`;
  if (!/^(Invalid|Too) /.test(issue.message)) return issue.message; // the schema's own words
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${typeName(issue.expected)}${got}`;
    case 'invalid_value': {
      const list = issue.values.map((value) => JSON.stringify(value)).join(', ');
      const expected = issue.values.length === 1 ? list : `one of ${list}`;
      const word = given?.kind === 'scalar' ? String(given.value) : '';
      return `expected ${expected}${got}${didYouMean(word, issue.values.map(String))}`;
    }
    case 'too_small':
      return `must ${bound(issue.origin, 'at least', issue.minimum, issue.inclusive, 'greater')}${got}`;
    case 'too_big':
      return `must ${bound(issue.origin, 'at most', issue.maximum, issue.inclusive, 'less')}${got}`;
    case 'invalid_union':
      return `expected ${unionNames(issue)}${got}`;
    default:
      return issue.message;
  }
}

/** For a value that chooses among alternatives by name (`action: insert`). */
function describeChoice(constants: readonly string[], given: ConfNode): string | undefined {
  if (constants.length === 0 || given.kind !== 'scalar') return undefined;
  const list = constants.map((value) => JSON.stringify(value)).join(', ');
  const hint = didYouMean(String(given.value), constants);
  return `expected one of ${list}, got ${show(given)}${hint}`;
}

function unionNames(issue: z.core.$ZodIssueInvalidUnion): string {
  const names = new Set<string>();
  for (const inner of issue.errors.flat()) {
    if (inner.code === 'invalid_type') names.add(typeName(inner.expected));
    else if (inner.code === 'invalid_value') names.add(inner.values.map(String).join(', '));
  }
  return names.size === 0 ? 'another value' : [...names].join(' or ');
}

function bound(
  origin: string,
  inclusive: string,
  limit: number | bigint,
  isInclusive: boolean | undefined,
  comparative: string,
): string {
  const range = isInclusive === false ? `${comparative} than ${limit}` : `${inclusive} ${limit}`;
  if (origin === 'string') return `have ${range} characters`;
  if (origin === 'array' || origin === 'set') return `have ${range} items`;
  return `be ${range}`;
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  int: 'an integer',
  boolean: 'true or false',
};

function typeName(expected: string): string {
  return typeNames[expected] ?? expected;
}

/** What was given, short enough for a message. */
function show(node: ConfNode): string {
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'list') return 'a list';
  if (typeof node.value === 'string') {
    const text = node.value.length > 60 ? `${node.value.slice(0, 57)}...` : node.value;
    return JSON.stringify(text);
  }
  if (node.value instanceof Date) return `the time ${node.value.toISOString()}`;
  return String(node.value);
}
