import { asBuffer } from '../../bytes.ts';
import { isContainer, isKnown, isSecret, patternOf } from './commands.ts';

const CR = 13;
const LF = 10;
const DOLLAR = 0x24;
const STAR = 0x2a;
const MAX_ARGUMENTS = 64;
const MAX_ARGUMENT = 128;
const MAX_TEXT = 1024;
const MODULE = /^[A-Z][A-Z0-9_]*(?:\.[A-Z0-9_]+)+$/;

/** A command of which the beginning is known. */
export interface Words {
  /** Arguments that are there as a whole, the command first. */
  readonly words: readonly string[];
  /** Arguments that it has; -1 = not known. */
  readonly count: number;
}

/** The words of an array of bulk strings, or of a line; bytes [0, length) of its beginning. */
export function wordsOf(b: Uint8Array, length: number): Words {
  if (b[0] !== STAR) return inlineWords(b, length);
  const words: string[] = [];
  let at = lineEnd(b, 0, length);
  const count = at < 0 ? -1 : Number(asBuffer(b).toString('latin1', 1, at - 2));
  while (at >= 0 && at < length && b[at] === DOLLAR && words.length < MAX_ARGUMENTS) {
    const body = lineEnd(b, at, length);
    if (body < 0) break;
    const size = Number(asBuffer(b).toString('latin1', at + 1, body - 2));
    if (!(size >= 0) || body + size > length) break;
    words.push(asBuffer(b).toString('utf8', body, body + size));
    at = body + size + 2;
  }
  return { words, count };
}

function inlineWords(b: Uint8Array, length: number): Words {
  const text = asBuffer(b).toString('utf8', 0, length);
  const words = text.trim().split(/\s+/).slice(0, MAX_ARGUMENTS);
  return { words, count: -1 };
}

/** Past the line break, or -1. */
function lineEnd(b: Uint8Array, start: number, end: number): number {
  for (let i = start; i + 1 < end; i++) if (b[i] === CR && b[i + 1] === LF) return i + 2;
  return -1;
}

/** `GET`, `CONFIG SET`; `_OTHER` for what is no command of Redis or a module. */
export function operationOf(words: readonly string[]): string {
  const name = (words[0] ?? '').toUpperCase();
  if (!isKnown(name)) return MODULE.test(name) && name.length <= 40 ? name : '_OTHER';
  if (!isContainer(name) || words[1] === undefined) return name;
  const sub = words[1].toUpperCase();
  return /^[A-Z][A-Z-]{0,23}$/.test(sub) ? `${name} ${sub}` : name;
}

/**
 * A command as text, at most 1,024 characters: keys are shown, values are `?`; what is not known
 * to be a key counts as a value.
 * @param obfuscate false shows values too, but secrets never
 */
export function commandText(command: Words, obfuscate: boolean): string {
  const { words, count } = command;
  const operation = operationOf(words);
  const parts = [operation];
  const used = operation.includes(' ') ? 2 : 1;
  const rest = operation === '_OTHER' ? [] : words.slice(used);
  const show = !obfuscate && !isSecret(operation) ? '(k)' : patternOf(operation);
  if (show === '?n' || show === 'kn') parts.push(...scriptWords(rest, show));
  else for (let i = 0; i < rest.length; i++) parts.push(shown(rest[i]!, show, i));
  if (operation === '_OTHER' && words.length > 1) parts.push('?');
  const whole = count < 0 || words.length >= count;
  const text = `${parts.join(' ')}${whole ? '' : ' ...'}`;
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 4)} ...` : text;
}

/** @param pattern letters, then a group in parentheses that is repeated */
function shown(word: string, pattern: string, index: number): string {
  const open = pattern.indexOf('(');
  const group = pattern.slice(open + 1, -1);
  const letter = index < open ? pattern[index] : group[(index - open) % group.length];
  return letter === 'k' ? printable(word) : '?';
}

/** Script or function, number of keys, keys, values. */
function scriptWords(rest: readonly string[], pattern: string): string[] {
  const keys = Number(rest[1]);
  return rest.map((word, i) => {
    if (i === 0) return pattern === 'kn' ? printable(word) : '?';
    if (i === 1) return Number.isInteger(keys) ? word : '?';
    return i < 2 + keys ? printable(word) : '?';
  });
}

/** White space and control characters as `\xNN`; long ones end in `...`. */
function printable(word: string): string {
  let out = '';
  for (const c of word.slice(0, MAX_ARGUMENT)) {
    const code = c.codePointAt(0)!;
    out += code <= 0x20 || code === 0x7f ? `\\x${code.toString(16).padStart(2, '0')}` : c;
  }
  if (word.length > MAX_ARGUMENT) out += '...';
  return out === '' ? '""' : out;
}
