import { isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Scalar, visit } from 'yaml';
import type { Kind } from '../../component/factory.ts';
import { parseId } from '../../config/schema/id.ts';
import { type AnySchema, childSchemas, metaOf } from '../../config/schema/shape.ts';
import { findComponent, type RegistryEntry } from '../components.ts';
import { sectionOf } from './sections.ts';
import { serviceSchema } from './service.ts';

/** A file of a configuration. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/** What became of a file. */
export interface Migrated extends SourceFile {
  /** `file:line:column: what was changed`, in the order of the file. */
  readonly changes: readonly string[];
  /** What should be changed by hand, in the same form. */
  readonly left: readonly string[];
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly message: string;
}

/** Renamed ids of each kind. */
type Renames = { readonly [K in Kind]: Map<string, string> };

/**
 * Renames older types and keys in the files of one configuration. Only these words are replaced:
 * comments and layout stay. Ids that are renamed are renamed in pipelines, in `service::extensions`
 * and where components name an extension. Keys written with `::` and other documents than the
 * first of a file are left alone. Doing it twice changes nothing more.
 * @throws Error when a file is not YAML
 */
export async function migrate(
  files: readonly SourceFile[],
  entries: readonly RegistryEntry[],
): Promise<Migrated[]> {
  const trees = files.map((file) => new Tree(file));
  const renames: Renames = {
    receiver: new Map(),
    processor: new Map(),
    exporter: new Map(),
    connector: new Map(),
    extension: new Map(),
  };
  for (const kind of Object.keys(sectionOf) as Kind[]) {
    const taken = new Set(trees.flatMap((tree) => tree.ids(kind).map(({ id }) => id)));
    for (const tree of trees) tree.renameTypes(kind, taken, entries, renames[kind]);
  }
  for (const tree of trees) {
    tree.renameReferences(renames);
    await tree.renameKeys(entries);
  }
  return trees.map((tree) => tree.result());
}

type Pairs = readonly { readonly key: Scalar; readonly value: unknown }[];

class Tree {
  readonly #file: SourceFile;
  readonly #root: unknown;
  readonly #lines = new LineCounter();
  readonly #edits: Edit[] = [];
  readonly #left: Edit[] = [];

  constructor(file: SourceFile) {
    this.#file = file;
    const options = { lineCounter: this.#lines, schema: 'failsafe', uniqueKeys: false } as const;
    const documents = parseAllDocuments(file.text, options);
    const document = Array.isArray(documents) ? documents[0] : undefined;
    const error = document?.errors[0];
    if (error !== undefined) throw new Error(`cannot migrate ${file.name}: ${error.message}`);
    this.#root = document?.contents;
  }

  ids(kind: Kind): { key: Scalar; id: string; type: string; value: unknown }[] {
    return pairs(at(this.#root, sectionOf[kind])).flatMap(({ key, value }) => {
      try {
        const { text, type } = parseId(String(key.value));
        return [{ key, id: text, type, value }];
      } catch {
        return [];
      }
    });
  }

  renameTypes(
    kind: Kind,
    taken: ReadonlySet<string>,
    entries: readonly RegistryEntry[],
    renames: Map<string, string>,
  ): void {
    for (const { key, id, type } of this.ids(kind)) {
      const known = findComponent(kind, type, entries);
      if (known === undefined || known.type === type) continue;
      const renamed = known.type + id.slice(type.length);
      const what = `${sectionOf[kind]}: ${JSON.stringify(id)}`;
      if (taken.has(renamed)) {
        const why = `${JSON.stringify(renamed)} is there already`;
        this.#note(this.#left, key, type, known.type, `${what} cannot be renamed: ${why}`);
        continue;
      }
      renames.set(id, renamed);
      this.#note(this.#edits, key, type, known.type, `${what} is ${JSON.stringify(renamed)}`);
    }
  }

  renameReferences(renames: Renames): void {
    const service = at(this.#root, 'service');
    const list = (node: unknown, where: string, ...kinds: Kind[]) => {
      for (const item of isSeq(node) ? node.items : []) {
        this.#renameReference(item, where, kinds, renames);
      }
    };
    list(at(service, 'extensions'), 'service::extensions', 'extension');
    for (const { key, value } of pairs(at(service, 'pipelines'))) {
      const where = (part: string) => `service::pipelines::${String(key.value)}::${part}`;
      list(at(value, 'receivers'), where('receivers'), 'receiver', 'connector');
      list(at(value, 'processors'), where('processors'), 'processor');
      list(at(value, 'exporters'), where('exporters'), 'exporter', 'connector');
    }
    for (const kind of Object.keys(sectionOf) as Kind[]) {
      for (const { id, value } of this.ids(kind)) {
        this.#renameExtensions(value, `${sectionOf[kind]}::${id}`, renames);
      }
    }
  }

  /** Keys that name an extension wherever they stand. */
  #renameExtensions(node: unknown, where: string, renames: Renames): void {
    if (!isMap(node) || renames.extension.size === 0) return;
    visit(node, {
      Pair: (_, { key, value }) => {
        const name = isScalar(key) ? String(key.value) : '';
        if (!extensionKeys.has(name)) return;
        for (const item of isSeq(value) ? value.items : [value]) {
          this.#renameReference(item, `${where}::${name}`, ['extension'], renames);
        }
      },
    });
  }

  #renameReference(node: unknown, where: string, kinds: readonly Kind[], renames: Renames): void {
    if (!isScalar(node)) return;
    const id = String(node.value).trim();
    const renamed = kinds.map((kind) => renames[kind].get(id)).find((found) => found !== undefined);
    if (renamed === undefined) return;
    const [old, now] = [id.split('/', 1)[0]!, renamed.split('/', 1)[0]!];
    this.#note(
      this.#edits,
      node,
      old,
      now,
      `${where}: ${JSON.stringify(id)} is ${JSON.stringify(renamed)}`,
    );
  }

  /** Keys whose schema says `.meta({replacedBy: 'name'})`. */
  async renameKeys(entries: readonly RegistryEntry[]): Promise<void> {
    for (const kind of Object.keys(sectionOf) as Kind[]) {
      for (const { id, type, value } of this.ids(kind)) {
        const known = findComponent(kind, type, entries);
        if (known === undefined) continue;
        const { factory } = await known.load();
        this.#renameKeysIn(value, [factory.config], `${sectionOf[kind]}::${id}`);
      }
    }
    this.#renameKeysIn(at(this.#root, 'service'), [serviceSchema], 'service');
  }

  #renameKeysIn(node: unknown, schemas: readonly AnySchema[], where: string): void {
    if (isSeq(node)) {
      const inner = schemas.flatMap((schema) => childSchemas(schema, 0));
      node.items.forEach((item, i) => {
        this.#renameKeysIn(item, inner, `${where}::${i}`);
      });
    }
    const own = pairs(node);
    for (const { key, value } of own) {
      const name = String(key.value);
      const inner = schemas.flatMap((schema) => childSchemas(schema, name));
      const now = inner.map((s) => metaOf(s, 'replacedBy')).find((found) => found !== undefined);
      if (typeof now === 'string') {
        const quoted = [name, now].map((word) => JSON.stringify(word));
        const message = `${where}: key ${quoted[0]} is ${quoted[1]}`;
        const both = own.some((pair) => String(pair.key.value) === now);
        this.#note(both ? this.#left : this.#edits, key, name, now, message);
      }
      this.#renameKeysIn(value, inner, `${where}::${name}`);
    }
  }

  /** Notes that `old` inside a scalar becomes `now`. */
  #note(edits: Edit[], node: Scalar, old: string, now: string, message: string): void {
    const [from, to] = node.range ?? [0, 0];
    const start = this.#file.text.slice(from, to).indexOf(old);
    if (start < 0 || edits.some((edit) => edit.start === from + start)) return;
    edits.push({ start: from + start, end: from + start + old.length, text: now, message });
  }

  result(): Migrated {
    const { name } = this.#file;
    let { text } = this.#file;
    const edits = this.#edits.toSorted((a, b) => a.start - b.start);
    for (const { start, end, text: now } of edits.toReversed()) {
      text = text.slice(0, start) + now + text.slice(end);
    }
    const line = ({ start, message }: Edit) => {
      const place = this.#lines.linePos(start);
      return `${name}:${place.line}:${place.col}: ${message}`;
    };
    const left = this.#left.toSorted((a, b) => a.start - b.start);
    return { name, text, changes: edits.map(line), left: left.map(line) };
  }
}

const extensionKeys: ReadonlySet<string> = new Set([
  'authenticator',
  'encoding',
  'encoding_extension',
  'id',
  'storage',
  'storage_id',
  'tail_storage',
  'watch_observers',
]);

function at(node: unknown, key: string): unknown {
  return pairs(node).find((pair) => pair.key.value === key)?.value;
}

function pairs(node: unknown): Pairs {
  if (!isMap(node)) return [];
  return node.items.flatMap(({ key, value }) => (isScalar(key) ? [{ key, value }] : []));
}
