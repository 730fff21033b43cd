/** The configurations of verdicts/, and what the peer was recorded to say of them. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { complete, headerOf, silentEnds } from './fragment.ts';
import type { Verdict } from './verdict.ts';

const root = join(import.meta.dirname, '../verdicts');
export const recordedFile = join(root, 'recorded.json');

export interface Case {
  /** Path under verdicts/. */
  readonly name: string;
  /** `kind-type` by the folder's name, '' for folders that are of no component. */
  readonly component: string;
  /** The whole configuration. */
  readonly text: string;
  readonly hash: string;
  readonly accepts: boolean;
  /** What a refusal has to name. */
  readonly names: string;
  /** Why there is no peer to ask, '' when there is one. */
  readonly alone: string;
  /** Environment variables: header `# env: A=1 B=2`. */
  readonly env: Readonly<Record<string, string>>;
}

/** What the peer said of a configuration, and of which text. */
export interface Recorded extends Verdict {
  readonly hash: string;
}

export function readRecorded(): Readonly<Record<string, Recorded>> {
  if (!existsSync(recordedFile)) return {};
  return JSON.parse(readFileSync(recordedFile, 'utf8')) as Record<string, Recorded>;
}

/**
 * Cases in folders or files, of all of verdicts/ when none is given.
 * @throws Error for a file that says neither accept nor reject, or a reject that names nothing
 */
export function casesIn(places: readonly string[]): Case[] {
  const given = places.length === 0 ? [root] : places.map((place) => resolve(place));
  const files = given.flatMap((place) =>
    place.endsWith('.yaml')
      ? [place]
      : globSync('**/*.yaml', { cwd: place }).map((f) => join(place, f)),
  );
  return files.sort().map(readCase);
}

function readCase(file: string): Case {
  const name = relative(root, file);
  const match = /^(accept|reject)-/.exec(basename(file));
  if (match === null) throw new Error(`${name}: the name begins with neither accept- nor reject-`);
  const source = readFileSync(file, 'utf8');
  const header = headerOf(source);
  const accepts = match[1] === 'accept';
  const named = header.get('names') ?? '';
  if (!accepts && named === '') throw new Error(`${name}: no line "# names: KEY"`);
  const folder = dirname(name);
  const text = complete(source, silentEnds);
  return {
    name,
    component: /^(receiver|processor|exporter|connector|extension)-/.test(folder) ? folder : '',
    text,
    hash: createHash('sha256').update(text).digest('hex').slice(0, 16),
    accepts,
    names: named,
    alone: header.get('alone') ?? '',
    env: Object.fromEntries(
      (header.get('env') ?? '')
        .split(/\s+/)
        .filter(Boolean)
        .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    ),
  };
}
