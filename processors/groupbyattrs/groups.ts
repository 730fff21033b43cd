import { type Cursor, Cursor as Place, readVarint, skipValue } from '../../pdata/proto/cursor.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import type { MessageView } from '../../pdata/readers.ts';

/** An attribute as bytes: key, and value (an AnyValue). */
interface Pair {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Attributes by key text; of equal keys the first counts. */
export type Pairs = Map<string, Pair>;

/** Copies the attributes of a message; the view stands behind the last one afterwards. */
export function readPairs(view: MessageView): Pairs {
  const pairs: Pairs = new Map();
  view.rewind();
  while (view.nextAttribute()) {
    const key = view.keyText();
    if (pairs.has(key)) continue;
    const { bytes, start, end } = view.value;
    pairs.set(key, { key: view.keyBytes().slice(), value: bytes.slice(start, end) });
  }
  return pairs;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** Equal for attributes that differ in order only. */
export function identityOf(pairs: Pairs): string {
  const parts: string[] = [];
  for (const { key, value } of pairs.values()) {
    parts.push(`${key.length}:${value.length}:${text(key)}${text(value)}`);
  }
  return parts.sort().join('');
}

/** Copies the fields of a message whose tag is not in `left`. */
export function copyOthers(
  to: Writer,
  { bytes, start, end }: { bytes: Uint8Array; start: number; end: number },
  left: ReadonlySet<number>,
): void {
  const c: Cursor = new Place(bytes, start);
  while (c.pos < end) {
    const at = c.pos;
    const tag = readVarint(c);
    skipValue(c, tag);
    if (!left.has(tag)) to.copy(bytes, at, c.pos);
  }
}

/** A metric of a scope: what it is, and its points. */
export class MetricGroup {
  /** Fields of the metric beside its data, and of the data beside its points. */
  readonly head: Uint8Array;
  readonly dataHead: Uint8Array;
  readonly dataField: number;
  readonly points = new Writer(256);

  constructor(head: Uint8Array, dataHead: Uint8Array, dataField: number) {
    this.head = head;
    this.dataHead = dataHead;
    this.dataField = dataField;
  }

  write(w: Writer): void {
    const metric = w.open(2, 2);
    w.raw(this.head);
    const data = w.open(this.dataField, 2);
    w.raw(this.dataHead);
    w.copy(this.points.bytes, 0, this.points.length);
    w.close(data);
    w.close(metric);
  }
}

/** A scope of a resource; spans and log records as fields, metrics by name and type. */
export class ScopeGroup {
  /** Bytes of the scope message. */
  readonly scope: Uint8Array;
  readonly items = new Writer(512);
  readonly metrics = new Map<string, MetricGroup>();

  constructor(scope: Uint8Array) {
    this.scope = scope;
  }

  write(w: Writer): void {
    const group = w.open(2, 3);
    w.bytesField(1, this.scope);
    w.copy(this.items.bytes, 0, this.items.length);
    for (const metric of this.metrics.values()) metric.write(w);
    w.close(group);
  }
}

/** A resource of the new batch. */
export class ResourceGroup {
  readonly #pairs: Pairs;
  readonly #scopes = new Map<string, ScopeGroup>();

  constructor(pairs: Pairs) {
    this.#pairs = pairs;
  }

  /** The scope with the name and version of a view, made of it if there is none. */
  scope(view: MessageView): ScopeGroup {
    const name = view.string(1);
    const key = `${name.length}:${name}${view.string(2)}`;
    let scope = this.#scopes.get(key);
    if (scope === undefined) {
      scope = new ScopeGroup(view.bytes.slice(view.start, view.end));
      this.#scopes.set(key, scope);
    }
    return scope;
  }

  write(w: Writer): void {
    const group = w.open(1, 3);
    const resource = w.open(1, 2);
    for (const { key, value } of this.#pairs.values()) {
      const attribute = w.open(1);
      w.bytesField(1, key);
      w.bytesField(2, value);
      w.close(attribute);
    }
    w.close(resource);
    for (const scope of this.#scopes.values()) scope.write(w);
    w.close(group);
  }
}
