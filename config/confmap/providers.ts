import { open } from 'node:fs/promises';
import { httpProvider } from './http.ts';
import { defaultParseLimits } from './parse.ts';

/** Something worth saying of what a provider found. */
export interface Note {
  readonly level: 'info' | 'warn';
  readonly message: string;
}

/** What a provider found: the text and a name for positions. */
export interface Retrieved {
  readonly text: string;
  readonly name: string;
  /** Whether the text has lines of its own, so that positions inside it mean something. */
  readonly located?: boolean;
  readonly note?: Note;
}

/** Gets the text behind `scheme:opaque`. Rejects with an Error that says what cannot be read. */
export type Provider = (opaque: string) => Promise<Retrieved>;

/** Providers by URI scheme. */
export type Providers = ReadonlyMap<string, Provider>;

/** `file:PATH`; a relative path starts from the working directory. */
async function fileProvider(path: string): Promise<Retrieved> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const limit = defaultParseLimits.maxLength;
      if (size > limit) throw new Error(`it has ${size} bytes, the limit is ${limit}`);
      return { text: await file.readFile('utf8'), name: path, located: true };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new Error(`unable to read the file ${JSON.stringify(path)}: ${reason(error)}`, {
      cause: error,
    });
  }
}

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'no such file or directory';
  if (code === 'EACCES') return 'permission denied';
  return error instanceof Error ? error.message : String(error);
}

/**
 * `env:NAME` and `env:NAME:-default` over the given environment. The default is for a variable that
 * is not set; one that is set but empty stays empty.
 */
export function envProvider(env: Readonly<Record<string, string | undefined>>): Provider {
  return async (opaque) => {
    const split = opaque.indexOf(':-');
    const name = split < 0 ? opaque : opaque.slice(0, split);
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) {
      const rule = 'must match regex ^[a-zA-Z_][a-zA-Z0-9_]*$';
      throw new Error(`environment variable ${JSON.stringify(name)} has invalid name: ${rule}`);
    }
    const found = { text: env[name], name: `env:${name}` };
    const say = (state: string) =>
      `Configuration references ${state} environment variable ${JSON.stringify(name)}`;
    if (found.text === undefined) {
      if (split >= 0) return { ...found, text: opaque.slice(split + 2) };
      return { ...found, text: '', note: { level: 'warn', message: say('unset') } };
    }
    if (found.text !== '') return { ...found, text: found.text };
    return { ...found, text: '', note: { level: 'info', message: say('empty') } };
  };
}

/** `yaml:TEXT`. */
async function yamlProvider(text: string): Promise<Retrieved> {
  return { text, name: 'yaml' };
}

/** The providers of the program: a table, so that further schemes are one line each. */
export function defaultProviders(env: Readonly<Record<string, string | undefined>>): Providers {
  return new Map<string, Provider>([
    ['file', fileProvider],
    ['env', envProvider(env)],
    ['yaml', yamlProvider],
    ['http', httpProvider('http')],
    ['https', httpProvider('https')],
  ]);
}

/** Parts of `scheme:opaque`. */
export interface Uri {
  readonly scheme: string;
  readonly opaque: string;
}

/** Splits `scheme:opaque`. @returns undefined when `uri` has no scheme of two letters or more */
export function splitUri(uri: string): Uri | undefined {
  const match = /^([A-Za-z][A-Za-z0-9+.-]+):(.*)$/s.exec(uri);
  return match === null ? undefined : { scheme: match[1]!, opaque: match[2]! };
}

/**
 * Splits a value of `--config`: without a scheme, or with a single letter (a drive), it is a file.
 * @throws Error when it is none of these or its scheme has no provider
 */
export function sourceUri(uri: string, providers: Providers): Uri {
  if (/^[A-z]:/.test(uri) || !uri.includes(':')) return { scheme: 'file', opaque: uri };
  const split = splitUri(uri);
  if (split === undefined) throw new Error(`invalid uri: ${JSON.stringify(uri)}`);
  if (!providers.has(split.scheme)) {
    const known = [...providers.keys()].join(', ');
    throw new Error(`unsupported scheme on URI ${JSON.stringify(uri)} (known schemes: ${known})`);
  }
  return split;
}
