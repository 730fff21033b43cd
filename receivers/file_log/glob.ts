import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Patterns that one pattern with `{a,b}` may stand for. */
const maxAlternatives = 1000;
/** Directories below each other that `**` goes into. */
const maxDepth = 64;

const syntaxError = (pattern: string) =>
  new Error(`parse glob: syntax error in pattern ${JSON.stringify(pattern)}`);

/** Splits `{a,b}` into patterns without braces. @throws Error */
function expandBraces(pattern: string): string[] {
  const open = findUnescaped(pattern, '{', 0);
  if (open < 0) return [pattern];
  const parts: string[] = [];
  let depth = 0;
  let from = open + 1;
  let close = -1;
  for (let i = open; i < pattern.length; i += 1) {
    const c = pattern[i];
    if (c === '\\') i += 1;
    else if (c === '[') i = skipClass(pattern, i);
    else if (c === '{') depth += 1;
    else if (c === '}') {
      depth -= 1;
      if (depth > 0) continue;
      parts.push(pattern.slice(from, i));
      close = i;
      break;
    } else if (c === ',' && depth === 1) {
      parts.push(pattern.slice(from, i));
      from = i + 1;
    }
  }
  if (close < 0) throw syntaxError(pattern);
  const [head, tail] = [pattern.slice(0, open), pattern.slice(close + 1)];
  const all = parts.flatMap((part) => expandBraces(head + part + tail));
  if (all.length > maxAlternatives) {
    throw new Error(
      `parse glob: more than ${maxAlternatives} alternatives in ${JSON.stringify(pattern)}`,
    );
  }
  return all;
}

function findUnescaped(pattern: string, wanted: string, from: number): number {
  for (let i = from; i < pattern.length; i += 1) {
    const c = pattern[i];
    if (c === wanted) return i;
    if (c === '\\') i += 1;
    else if (c === '[') i = skipClass(pattern, i);
  }
  return -1;
}

/** @returns the place of `]` @throws Error */
function skipClass(pattern: string, open: number): number {
  let i = open + 1;
  if (pattern[i] === '^' || pattern[i] === '!') i += 1;
  const first = i;
  for (; i < pattern.length; i += 1) {
    if (pattern[i] === '\\') i += 1;
    else if (pattern[i] === ']' && i > first) return i;
  }
  throw syntaxError(pattern);
}

const special = /[.*+?^${}()|[\]\\/]/g;

/** The source of a regular expression for one part of a path. */
function componentSource(part: string, pattern: string): string {
  let out = '';
  for (let i = 0; i < part.length; i += 1) {
    const c = part[i]!;
    if (c === '*') {
      if (!out.endsWith('[^/]*')) out += '[^/]*';
    } else if (c === '?') out += '[^/]';
    else if (c === '[') {
      const end = skipClass(part, i);
      out += classSource(part.slice(i + 1, end));
      i = end;
    } else if (c === '\\') {
      i += 1;
      if (i >= part.length) throw syntaxError(pattern);
      out += part[i]!.replace(special, '\\$&');
    } else out += c.replace(special, '\\$&');
  }
  return out;
}

function classSource(inner: string): string {
  const negated = inner[0] === '^' || inner[0] === '!';
  const body = (negated ? inner.slice(1) : inner).replace(/\\?([\s\S])/g, (_, c: string) =>
    c === '-' ? '-' : c.replace(/[\\\]^]/, '\\$&'),
  );
  return `(?!/)[${negated ? '^' : ''}${body}]`;
}

/** One part of a path: a fixed name, a pattern, or any number of directories. */
type Part =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'pattern'; readonly regexp: RegExp }
  | { readonly kind: 'any' };

/** A pattern of paths: `*`, `?`, `[a-z]`, `{a,b}`, `**` for any number of directories. */
export class Glob {
  readonly #alternatives: readonly { readonly root: string; readonly parts: readonly Part[] }[];
  readonly #whole: RegExp;

  /** @throws Error for a pattern that is none */
  constructor(pattern: string) {
    const alternatives = expandBraces(pattern);
    this.#alternatives = alternatives.map((one) => ({
      root: one.startsWith('/') ? '/' : '',
      parts: one
        .split('/')
        .filter((part) => part !== '' && part !== '.')
        .map((part) => partOf(part, pattern)),
    }));
    const sources = alternatives.map((one) => wholeSource(one, pattern));
    this.#whole = compile(`^(?:${sources.join('|')})$`, pattern);
  }

  matches(path: string): boolean {
    return this.#whole.test(path);
  }

  /** Adds the files that are there now. @param failed is told of directories that cannot be read */
  find(found: Set<string>, failed: (path: string, error: Error) => void): void {
    for (const { root, parts } of this.#alternatives) walk(root, parts, 0, 0, found, failed);
  }
}

function compile(source: string, pattern: string): RegExp {
  try {
    return new RegExp(source, 's');
  } catch {
    throw syntaxError(pattern);
  }
}

function partOf(part: string, pattern: string): Part {
  if (part === '**') return { kind: 'any' };
  if (!/[*?[\\]/.test(part)) return { kind: 'name', name: part };
  return { kind: 'pattern', regexp: compile(`^${componentSource(part, pattern)}$`, pattern) };
}

function wholeSource(pattern: string, given: string): string {
  const parts = pattern.split('/');
  let out = '';
  parts.forEach((part, i) => {
    const last = i === parts.length - 1;
    if (part === '**') out += last ? '.*' : '(?:[^/]+/)*';
    else out += componentSource(part, given) + (last ? '' : '/');
  });
  return out;
}

function isFile(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && !stat.isDirectory();
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

type Failed = (path: string, error: Error) => void;

function walk(
  here: string,
  parts: readonly Part[],
  at: number,
  depth: number,
  found: Set<string>,
  failed: Failed,
): void {
  const part = parts[at];
  if (part === undefined) return;
  const last = at === parts.length - 1;
  if (part.kind === 'name') {
    const path = join(here, part.name);
    try {
      if (!last) walk(path, parts, at + 1, depth, found, failed);
      else if (isFile(path)) found.add(path);
    } catch (error) {
      failed(path, error as Error);
    }
    return;
  }
  if (part.kind === 'any') walk(here, parts, at + 1, depth, found, failed);
  for (const { name, file, directory } of list(here, failed)) {
    const path = join(here, name);
    if (part.kind === 'any') {
      if (last && file()) found.add(path);
      if (depth < maxDepth && directory()) walk(path, parts, at, depth + 1, found, failed);
    } else if (part.regexp.test(name)) {
      if (!last) {
        if (directory()) walk(path, parts, at + 1, depth, found, failed);
      } else if (file()) found.add(path);
    }
  }
}

interface Listed {
  readonly name: string;
  readonly file: () => boolean;
  readonly directory: () => boolean;
}

function list(directory: string, failed: Failed): Listed[] {
  const path = directory === '' ? '.' : directory;
  try {
    return readdirSync(path, { withFileTypes: true }).map((entry) => {
      const link = entry.isSymbolicLink();
      const full = () => join(directory, entry.name);
      return {
        name: entry.name,
        file: () => (link ? isFile(full()) : !entry.isDirectory()),
        directory: () => (link ? isDirectory(full()) : entry.isDirectory()),
      };
    });
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== 'ENOENT' && code !== 'ENOTDIR') failed(path, error as Error);
    return [];
  }
}
