import * as allow from './allow-lists.ts';
import { settingAllowed } from './allowed-settings.ts';
import { codes, EngineError } from './errors.ts';
import { lex, type Token, unquote } from './lexer.ts';
import { boundMemory, settingsIn } from './settings.ts';
import { findFormat, parametersOf } from './statement.ts';

/** Asks the engine's own parser. Both reject with the engine's syntax error. */
export interface Parser {
  /** The statement in canonical form on one line: no comments, keywords in upper case. */
  canonical(sql: string): Promise<string>;
  /** The output of EXPLAIN AST, one node a line, indented by one blank a level. */
  ast(canonical: string): Promise<string>;
}

/** Names that the engine knows, in lower case, and its bound. */
export interface KnownNames {
  readonly tableFunctions: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
  readonly engines: ReadonlySet<string>;
  readonly formats: ReadonlySet<string>;
  /** Types of all settings, of statements and of tables. */
  readonly settings: ReadonlyMap<string, string>;
  /** Most memory of one statement in bytes; more, or 0, in SETTINGS becomes this. */
  readonly statementMemory: number;
}

/** A statement that a client may run. */
export interface Approved {
  readonly kind: 'select' | 'insert' | 'other';
  /** AST root: CreateQuery, UseQuery, ... */
  readonly root: string;
  /** What is run. */
  readonly canonical: string;
  readonly tokens: readonly Token[];
  readonly format: string | undefined;
  readonly parameters: readonly string[];
}

/**
 * Lets through statements that touch nothing but the engine's own tables. The statement is first
 * brought into canonical form by the engine, and that form is examined and run, so that comments,
 * case, quoting and nesting cannot hide anything. Rejects with EngineError 497 (not allowed) or
 * the parser's error.
 */
export async function approve(sql: string, parser: Parser, known: KnownNames): Promise<Approved> {
  const parsed = (await parser.canonical(sql)).trim();
  const canonical = boundMemory(parsed, [...lex(parsed)], known.statementMemory);
  const tokens = [...lex(canonical)];
  checkTokens(tokens);
  for (const { name } of settingsIn(tokens)) checkSetting(name, known);
  const lines = (await parser.ast(withoutParameters(canonical, tokens))).split('\n');
  const root = nodeName(lines[0] ?? '');
  const kind = allow.statements.get(root);
  if (kind === undefined) refuse(`statements of type ${root || 'unknown'} are`);
  if (root === 'SYSTEM' && !allow.systemCommands.test(canonical)) refuse(`"${canonical}" is`);
  if (root === 'CreateQuery') checkCreate(tokens, lines);
  checkNodes(lines, known);
  for (const text of sourceQueries(tokens, lines)) {
    const inner = await approve(text, parser, known);
    if (inner.kind !== 'select') refuse('a dictionary source other than SELECT is');
  }
  const format = findFormat(tokens)?.name;
  if (format !== undefined) checkFormat(format, known);
  return {
    kind,
    root,
    canonical,
    tokens,
    format,
    parameters: parametersOf(tokens),
  };
}

/**
 * The statement with something harmless for each parameter {name:Type}: EXPLAIN wants values, and
 * a value cannot bring a node that is looked for.
 */
function withoutParameters(canonical: string, tokens: readonly Token[]): string {
  let out = '';
  let from = 0;
  for (let i = 0; i + 3 < tokens.length; i++) {
    const open = tokens[i]!;
    if (open.text !== '{' || tokens[i + 1]!.type !== 'word' || tokens[i + 2]!.text !== ':')
      continue;
    let close = i + 3;
    while (close < tokens.length && tokens[close]!.depth > open.depth) close++;
    const end = tokens[close];
    if (end === undefined) break;
    out += canonical.slice(from, open.start);
    out += tokens[i + 3]!.text === 'Identifier' ? `p_${i}` : 'NULL';
    from = end.end;
    i = close;
  }
  return out + canonical.slice(from);
}

/** Throws EngineError 497. @param what subject and verb, as in "table function url is" */
function refuse(what: string): never {
  throw new EngineError(
    codes.accessDenied,
    `${what} not allowed here: only the engine's own tables`,
  );
}

function nodeName(line: string): string {
  return /^ *([A-Za-z]+)/.exec(line)?.[1] ?? '';
}

function checkTokens(tokens: readonly Token[]): void {
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.text === ';') refuse('several statements in one request are');
    if (token.type === 'word' && (token.text === 'OUTFILE' || token.text === 'INFILE')) {
      refuse(`${token.text} is`);
    }
    if (token.upper === 'DISK' && tokens[i + 1]?.text === '(') refuse('defining a disk is');
  }
}

/** Throws EngineError 73 before the engine opens anything. */
export function checkFormat(name: string, known: KnownNames): void {
  if (!known.formats.has(name.toLowerCase())) {
    throw new EngineError(codes.unknownFormat, `Unknown format ${name}`);
  }
}

/**
 * Throws EngineError 497 when a client may not change this setting, 115 when the engine does not
 * know it.
 */
export function checkSetting(name: string, known: KnownNames): void {
  const plain = name.toLowerCase();
  const type = known.settings.get(plain);
  if (type === undefined) {
    throw new EngineError(codes.unknownSetting, `Unknown setting '${name.slice(0, 100)}'`);
  }
  if (!settingAllowed(plain, type)) refuse(`setting ${name} is`);
}

function checkCreate(tokens: readonly Token[], lines: readonly string[]): void {
  // A session serves many clients: what it keeps would be seen by the next one.
  if (tokens.slice(0, 5).some((token) => token.text === 'TEMPORARY')) {
    throw new EngineError(
      codes.notImplemented,
      'Temporary tables and views are not kept here: each request is a session of its own',
    );
  }
  const dictionary = lines.some((line) => line.trim().startsWith('Dictionary definition'));
  for (let i = 0; i + 2 < tokens.length; i++) {
    const token = tokens[i + 2]!;
    const name = token.type === 'quoted' ? unquote(token.text) : token.text;
    if (tokens[i]!.text === 'ENGINE' && tokens[i + 1]!.text === '=') checkEngine(name);
    if (!dictionary || tokens[i]!.text !== 'LAYOUT' || tokens[i + 1]!.text !== '(') continue;
    if (!allow.layouts.has(name.toLowerCase())) refuse(`dictionary layout ${name} is`);
  }
}

function checkEngine(name: string): void {
  const plain = name.toLowerCase();
  if (!allow.engines.has(plain.replace(/^replicated(?=.*mergetree)/, ''))) {
    refuse(`engine ${name} is`);
  }
}

const tablePosition = new Set(['TableExpression', 'InsertQuery', 'CreateQuery', 'DescribeQuery']);

function checkNodes(lines: readonly string[], known: KnownNames): void {
  const parents: string[] = [];
  for (const line of lines) {
    const depth = line.length - line.trimStart().length;
    const node = nodeName(line);
    const parent = parents[depth - 1] ?? '';
    parents[depth] = node;
    const name = /^ *\w+ +(\S+)/.exec(line)?.[1] ?? '';
    if (node === 'AlterCommand' && !allow.alterCommands.test(name)) refuse(`ALTER ${name} is`);
    if (node === 'FunctionWithKeyValueArguments') checkSource(name);
    if (node === 'Function') checkFunction(name, parent, known);
    if (/^(Attach|Detach|Backup|Restore)Query$/.test(node)) refuse(`${node} is`);
  }
}

function checkFunction(name: string, parent: string, known: KnownNames): void {
  const plain = name.toLowerCase();
  if (parent === 'Storage' && known.engines.has(plain)) {
    checkEngine(name);
    return;
  }
  if (allow.refusedFunctions.has(plain) || allow.refusedFunctionPattern.test(plain)) {
    refuse(`function ${name} is`);
  }
  if (!known.tableFunctions.has(plain) || allow.tableFunctions.has(plain)) return;
  if (tablePosition.has(parent) || !known.functions.has(plain)) {
    refuse(`table function ${name} is`);
  }
}

/**
 * Whether data of INSERT ... VALUES has expressions beside literals. Data in ClickHouse's VALUES
 * is SQL: functions and subqueries in it run as in a statement. Throws EngineError 497 for
 * subqueries and for functions that a statement may not call either.
 */
export function checkValues(data: string, known: KnownNames): boolean {
  let calls = false;
  let before: Token | undefined;
  try {
    for (const token of lex(data)) {
      if (token.upper === 'SELECT' || token.upper === 'WITH') refuse('a subquery in VALUES is');
      const named = before?.type === 'word' || before?.type === 'quoted';
      if (token.text === '(' && named) {
        calls = true;
        checkFunction(before!.type === 'word' ? before!.text : unquote(before!.text), '', known);
      }
      before = token;
    }
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError(codes.syntaxError, `Syntax error in VALUES: ${(error as Error).message}`);
  }
  return calls;
}

/** CLICKHOUSE without HOST is the engine itself; NULL has no data. */
function checkSource(name: string): void {
  if (name !== 'clickhouse' && name !== 'null') refuse(`dictionary source ${name} is`);
}

const sourceKeys = new Set(['TABLE', 'DB', 'DATABASE', 'UPDATE_FIELD', 'UPDATE_LAG', 'QUERY']);

/** SQL texts of a dictionary's source, which the AST shows as mere strings. */
function sourceQueries(tokens: readonly Token[], lines: readonly string[]): string[] {
  if (!lines.some((line) => nodeName(line) === 'FunctionWithKeyValueArguments')) return [];
  const texts: string[] = [];
  for (let i = 0; i + 3 < tokens.length; i++) {
    if (tokens[i]!.upper !== 'SOURCE' || tokens[i + 1]!.text !== '(') continue;
    const depth = tokens[i + 1]!.depth + 2;
    for (let k = i + 4; k + 1 < tokens.length && tokens[k]!.depth >= depth; k += 2) {
      const key = tokens[k]!;
      const value = tokens[k + 1]!;
      if (!sourceKeys.has(key.upper)) refuse(`dictionary source with ${key.text} is`);
      if (value.type === 'other') refuse(`dictionary source with ${key.text} ${value.text} is`);
      if (key.upper === 'QUERY') texts.push(unquote(value.text));
    }
  }
  return texts;
}
