import { open } from 'node:fs/promises';
import { defaultParseLimits } from './parse.ts';

/** What a provider found: the text and a name for positions; undefined text = not set. */
export interface Retrieved {
  readonly text: string | undefined;
  readonly name: string;
}

/** Gets the text behind `scheme:opaque`. Rejects with an Error that says what cannot be read. */
export type Provider = (opaque: string) => Promise<Retrieved>;

/** Providers by URI scheme. */
export type Providers = ReadonlyMap<string, Provider>;

/** `file:PATH`; a relative path starts from the working directory. */
export async function fileProvider(path: string): Promise<Retrieved> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const limit = defaultParseLimits.maxLength;
      if (size > limit) throw new Error(`it has ${size} bytes, the limit is ${limit}`);
      return { text: await file.readFile('utf8'), name: path };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new Error(`cannot read the file ${JSON.stringify(path)}: ${reason(error)}`, {
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

/** `env:NAME` over the given environment. */
export function envProvider(env: Readonly<Record<string, string | undefined>>): Provider {
  return async (name) => {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) {
      const rule = 'must match regex ^[a-zA-Z_][a-zA-Z0-9_]*$';
      throw new Error(`environment variable ${JSON.stringify(name)} has invalid name: ${rule}`);
    }
    return { text: env[name], name: `env:${name}` };
  };
}

/** `yaml:TEXT`, where `a::b: value` stands for nested keys. */
export async function yamlProvider(text: string): Promise<Retrieved> {
  const match = /^([^\s:]+(?:::[^\s:]+)+):(?:\s(.*))?$/s.exec(text);
  if (match === null) return { text, name: 'yaml' };
  const keys = match[1]!.split('::');
  const open = keys.map((key) => `{${JSON.stringify(key)}: `).join('');
  return { text: open + (match[2] ?? '') + '}'.repeat(keys.length), name: 'yaml' };
}

/** The providers of the program: a table, so that further schemes are one line each. */
export function defaultProviders(env: Readonly<Record<string, string | undefined>>): Providers {
  return new Map<string, Provider>([
    ['file', fileProvider],
    ['env', envProvider(env)],
    ['yaml', yamlProvider],
  ]);
}

/** Splits `scheme:opaque`; a path without a scheme is a file. */
export function splitUri(uri: string): { scheme: string; opaque: string } {
  const match = /^([A-Za-z][A-Za-z0-9+.-]+):(.*)$/s.exec(uri);
  if (match === null) return { scheme: 'file', opaque: uri };
  return { scheme: match[1]!, opaque: match[2]! };
}

/**
 * Retrieves a URI through the table.
 * @throws Error for an unknown scheme and whatever the provider rejects with
 */
export async function retrieve(uri: string, providers: Providers): Promise<Retrieved> {
  const { scheme, opaque } = splitUri(uri);
  const provider = providers.get(scheme);
  if (provider === undefined) {
    const known = [...providers.keys()].join(', ');
    throw new Error(`unsupported scheme on URI ${JSON.stringify(uri)} (known schemes: ${known})`);
  }
  return provider(opaque);
}
