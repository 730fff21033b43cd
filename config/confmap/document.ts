import { type Document, LineCounter, parseAllDocuments, type YAMLParseError } from 'yaml';

/** The first document of a YAML text, or its first fault. */
export interface ParsedDocument {
  /** Undefined when there is none, or with a fault. */
  readonly document: Document | undefined;
  readonly fault: { readonly message: string; readonly offset: number } | undefined;
  /** Line and column, from 1, of an offset that the document or the fault names. */
  place(offset: number): { readonly line: number; readonly column: number };
}

/** Lines that are indented so that the library reads what yaml.v3 reads as it is. */
const mostRepairs = 200;
const added = 100;

/**
 * Reads the first document of a text as Go's yaml.v3 does where that differs from the library:
 * lines of a flow collection or a quoted text may begin anywhere, a comment may follow a quote
 * directly, control characters and directives of YAML 1.2 are refused.
 */
export function parseDocument(text: string): ParsedDocument {
  const control = forbidden.exec(text);
  if (control !== null) {
    return { document: undefined, fault: controlFault(control), place: placeIn(text) };
  }
  const directive = unknownDirective.exec(text);
  if (directive !== null) {
    const fault = { message: 'found unknown directive name', offset: directive[1]!.length };
    return { document: undefined, fault, place: placeIn(text) };
  }
  const repaired = new Set<number>();
  let current = text;
  for (;;) {
    const { document, error, lines } = parse(current);
    const place = (offset: number) => {
      const { line, col } = lines.linePos(offset);
      const column = col - (repaired.has(line) ? added : 0);
      return { line: Math.max(line, 1), column: Math.max(column, 1) };
    };
    if (error === undefined) {
      const { yaml } = document?.directives ?? {};
      if (yaml?.explicit === true && yaml.version !== '1.1') {
        const message = `found incompatible YAML document, version ${yaml.version}`;
        return { document: undefined, fault: { message, offset: 0 }, place };
      }
      return { document, fault: undefined, place };
    }
    const line = lineToIndent(error, current, lines);
    if (line === undefined || repaired.has(line) || repaired.size >= mostRepairs) {
      if (repaired.size > 0) return withoutRepairs(text);
      return { document: undefined, fault: faultOf(error), place };
    }
    repaired.add(line);
    const start = lines.lineStarts[line - 1]!;
    current = `${current.slice(0, start)}${' '.repeat(added)}${current.slice(start)}`;
  }
}

function withoutRepairs(text: string): ParsedDocument {
  const { error } = parse(text);
  return { document: undefined, fault: faultOf(error!), place: placeIn(text) };
}

/** What yaml.v3's reader refuses. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const forbidden = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufffe\uffff]/;

function controlFault({ index, 0: character }: RegExpExecArray) {
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return { message: `control characters are not allowed, found U+${code}`, offset: index };
}

function faultOf(error: YAMLParseError) {
  return { message: error.message, offset: error.pos[0] };
}

function placeIn(text: string): ParsedDocument['place'] {
  return (offset) => {
    const before = text.slice(0, offset);
    const column = offset - before.lastIndexOf('\n');
    return { line: before.split('\n').length, column };
  };
}

interface Parsed {
  readonly document: Document | undefined;
  readonly error: YAMLParseError | undefined;
  readonly lines: LineCounter;
}

function parse(text: string): Parsed {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter,
    schema: 'failsafe',
    prettyErrors: false,
    logLevel: 'silent',
    uniqueKeys: false,
    resolveKnownTags: false,
  });
  const document = Array.isArray(documents) ? documents[0] : undefined;
  // What follows the first is mostly its consequence.
  const error = document?.errors.find(({ message }) => !harmless.test(message));
  return { document, error, lines: lineCounter };
}

/** A directive before the first document that is neither %YAML nor %TAG. */
const unknownDirective =
  /^((?:\ufeff|[ \t]*(?:#.*)?\r?\n|%(?:YAML|TAG)[ \t].*\n)*)%(?!(?:YAML|TAG)[ \t])/;

const harmless = /^Comments must be separated from other tokens/;
const unindented = /must be sufficiently indented and end with|^Missing closing ['"]quote/;

/** The line, from 1, that would have to be indented for the text to go on. */
function lineToIndent(error: YAMLParseError, text: string, lines: LineCounter): number | undefined {
  if (!unindented.test(error.message)) return undefined;
  const { line } = lines.linePos(error.pos[0]);
  const start = lines.lineStarts[line - 1] ?? 0;
  const first = text.slice(start, error.pos[0]).trim() === '' ? line : line + 1;
  const from = lines.lineStarts[first - 1];
  if (from === undefined || /^(---|\.\.\.)?\s*$/.test(text.slice(from).split('\n', 1)[0]!)) {
    return undefined;
  }
  return first;
}
