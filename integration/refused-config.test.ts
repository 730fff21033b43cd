// Configurations that say more than this version can do: each such place is named with its file,
// line and column, and the program does not start. Nothing is accepted and ignored.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'node:test';
import { type Document, isMap, parseDocument, visit } from 'yaml';
import { scratch } from './lib/program.ts';

const root = join(import.meta.dirname, '..');

interface Ended {
  readonly code: number | null;
  readonly err: string;
}

async function wirestitch(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [join(root, 'gateway/main.ts'), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, WIRESTITCH_ENGINE_PASSWORD: 'x' },
  });
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, err };
}

interface Fault {
  readonly place: string;
  readonly text: string;
}

/** The faults that a program printed for `file`, which must be all that it printed. */
function faultsOf(err: string, file: string): Fault[] {
  const lines = err
    .replace(/^Error: /, '')
    .trimEnd()
    .split('\n');
  return lines.map((line) => {
    assert.ok(line.startsWith(`${file}:`), line);
    const match = /^:(\d+:\d+): (.+)$/.exec(line.slice(file.length));
    assert.ok(match !== null, line);
    return { place: match[1]!, text: match[2]! };
  });
}

/** What the comments `# refused: TEXT` of a file expect; `@N` names another column. */
function expectedFaults(file: string): Fault[] {
  const faults: Fault[] = [];
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    const match = /# refused(?:@(\d+))?: (.*)$/.exec(line);
    if (match === null) continue;
    const column = match[1] ?? String(line.search(/\S/) + 1);
    faults.push({ place: `${index + 1}:${column}`, text: match[2]! });
  }
  return faults;
}

for (const file of globSync(join(import.meta.dirname, 'refused/*.yaml')).sort()) {
  test(`${basename(file)}: every marked line is refused, and no other`, async () => {
    const { code, err } = await wirestitch('validate', '--config', file);
    assert.equal(code, 1, err);
    const faults = faultsOf(err, file);
    const wanted = expectedFaults(file);
    assert.ok(wanted.length >= 3);
    assert.deepEqual(
      faults.map((fault) => fault.place),
      wanted.map((fault) => fault.place),
      err,
    );
    for (const [index, { text }] of wanted.entries()) {
      assert.ok(faults[index]!.text.includes(text), `${faults[index]!.text}\n${text}`);
    }
    assert.deepEqual(await wirestitch('--config', file), { code, err }, 'nor does it start');
  });
}

/** Sections whose keys are the user's own: names of headers, attributes, settings. */
const freeKeys = /::(headers|response_headers|connection_params|resource|value)$/;

/** Adds a key that nobody knows to every map. @returns its path by its name */
function addUnknown(document: Document): Map<string, string> {
  const added = new Map<string, string>();
  visit(document, {
    Map(_, node, ancestors) {
      const path: string[] = [];
      for (const [index, ancestor] of ancestors.entries()) {
        const below = ancestors[index + 1] ?? node;
        if (isMap(ancestor)) path.push(String((below as { key?: unknown }).key));
      }
      const name = `unknown_${added.size}`;
      added.set(name, ['', ...path].join('::'));
      node.add(document.createPair(name, 1));
    },
  });
  return added;
}

const examples = globSync(join(root, 'config/examples/*.yaml'));
const everything = join(import.meta.dirname, 'accepted/everything.yaml');

for (const file of [...examples.sort(), everything]) {
  test(`${basename(file)}: an unknown key is refused wherever it stands`, async () => {
    const folder = scratch();
    try {
      assert.deepEqual(await wirestitch('validate', '--config', file), { code: 0, err: '' });
      const document = parseDocument(readFileSync(file, 'utf8'));
      const added = addUnknown(document);
      assert.ok(added.size >= 10);
      const path = join(folder.path, 'unknown.yaml');
      const left = new Map(added);
      // Later checks are made when the earlier ones find nothing: take out what was refused.
      for (let round = 0; round < 6; round++) {
        const text = document.toString({ lineWidth: 0 });
        writeFileSync(path, text);
        const { code, err } = await wirestitch('validate', '--config', path);
        const faults = err === '' ? [] : faultsOf(err, path);
        assert.equal(code, faults.length === 0 ? 0 : 1, err);
        if (faults.length === 0) break;
        const lines = text.split('\n');
        for (const { place, text: message } of faults) {
          const name = /unknown_\d+/.exec(message)?.[0] ?? '';
          // A map that is used twice by an alias is refused twice.
          assert.ok(added.has(name), message);
          left.delete(name);
          const [line, column] = place.split(':').map(Number);
          assert.ok(lines[line! - 1]!.slice(column! - 1).startsWith(name), `${place} ${message}`);
        }
        removeAll(document, left);
      }
      for (const where of left.values()) assert.match(where, freeKeys);
    } finally {
      folder.remove();
    }
  });
}

/** Takes the added keys out of a document, but for those that are left. */
function removeAll(document: Document, left: ReadonlyMap<string, string>): void {
  visit(document, {
    Pair(_, pair) {
      const name = String(pair.key);
      if (name.startsWith('unknown_') && !left.has(name)) return visit.REMOVE;
      return undefined;
    },
  });
}

test('options of the command line that are not there', async () => {
  for (const option of ['--feature-gate=+confmap.x', '--sets=exporters.debug.verbosity=basic']) {
    const { code, err } = await wirestitch('validate', '--config', everything, option);
    assert.equal(code, 1);
    assert.equal(err, `Error: unknown flag: ${option.split('=', 1)[0]}\n`);
  }
});
