import type { Logs } from '../../pdata/batch.ts';
import { OtlpBatch } from '../../pdata/otlp-batch.ts';
import { Cursor, readVarint, skipValue } from '../../pdata/proto/cursor.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { LogReader, MessageView } from '../../pdata/readers.ts';

/** Tags of a resource's attributes; of a scope's name, version and attributes. */
const resourceTags: ReadonlySet<number> = new Set([10]);
const scopeTags: ReadonlySet<number> = new Set([10, 18, 26]);

function copyFields(to: Writer, view: MessageView, tags: ReadonlySet<number>): void {
  const { bytes, start, end } = view;
  const c = new Cursor(bytes, start);
  while (c.pos < end) {
    const at = c.pos;
    const tag = readVarint(c);
    skipValue(c, tag);
    if (tags.has(tag)) to.copy(bytes, at, c.pos);
  }
}

function copyItem(to: Writer, { bytes, start, end }: MessageView): void {
  to.tag(2, 2);
  to.varint(end - start);
  to.copy(bytes, start, end);
}

/**
 * Each record in a resource and a scope of its own, in the order of before. Of resources only their
 * attributes stay, of scopes all but how many attributes were dropped, as in the Go collector.
 */
export function flattenLogs(batch: Logs): Logs {
  const reader = new LogReader(batch.plain());
  const around = new MessageView();
  const w = new Writer(4096);
  while (reader.nextResource()) {
    while (reader.nextScope()) {
      reader.bindScopeGroup(around);
      const schemaUrl = around.string(3);
      while (reader.nextItem()) {
        const group = w.open(1, 3);
        const resource = w.open(1, 2);
        copyFields(w, reader.resource, resourceTags);
        w.close(resource);
        const scopeGroup = w.open(2, 3);
        const scope = w.open(1, 2);
        copyFields(w, reader.scope, scopeTags);
        w.close(scope);
        copyItem(w, reader.item);
        if (schemaUrl !== '') w.stringField(3, schemaUrl);
        w.close(scopeGroup);
        w.close(group);
      }
    }
  }
  return new OtlpBatch('logs', [w.finish()], [batch.itemCount]);
}

/** Equal for attributes that differ in their order only. */
function identityOf(view: MessageView): string {
  const parts: string[] = [];
  view.rewind();
  while (view.nextAttribute()) {
    const { bytes, start, end } = view.value;
    const value = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    const key = view.keyText();
    parts.push(`${key.length}:${key}${value.length}:${value.toString('latin1')}`);
  }
  return parts.sort().join('');
}

interface ScopeOut {
  readonly head: Uint8Array;
  readonly items: Writer;
  readonly schemaUrl: string;
}

interface ResourceOut {
  readonly head: Uint8Array;
  readonly scopes: Map<string, ScopeOut>;
}

const bytesOf = ({ bytes, start, end }: MessageView): Uint8Array => bytes.slice(start, end);

/** Joins resources that are alike, and in them scopes that are; the first of each stays. */
export function groupLogs(batch: Logs): Logs {
  const reader = new LogReader(batch.plain());
  const around = new MessageView();
  const resources = new Map<string, ResourceOut>();
  while (reader.nextResource()) {
    const key = identityOf(reader.resource);
    let resource = resources.get(key);
    if (resource === undefined) {
      resource = { head: bytesOf(reader.resource), scopes: new Map() };
      resources.set(key, resource);
    }
    while (reader.nextScope()) {
      reader.bindScopeGroup(around);
      const scope = scopeOf(resource, reader.scope, around.string(3));
      while (reader.nextItem()) copyItem(scope.items, reader.item);
    }
  }
  const w = new Writer(4096);
  for (const resource of resources.values()) write(w, resource);
  return new OtlpBatch('logs', [w.finish()], [batch.itemCount]);
}

function scopeOf({ scopes }: ResourceOut, view: MessageView, schemaUrl: string): ScopeOut {
  const key = JSON.stringify([schemaUrl, view.string(1), view.string(2), identityOf(view)]);
  let scope = scopes.get(key);
  if (scope === undefined) {
    scope = { head: bytesOf(view), items: new Writer(512), schemaUrl };
    scopes.set(key, scope);
  }
  return scope;
}

function write(w: Writer, { head, scopes }: ResourceOut): void {
  const group = w.open(1, 3);
  w.bytesField(1, head);
  for (const scope of scopes.values()) {
    const inside = w.open(2, 3);
    w.bytesField(1, scope.head);
    w.copy(scope.items.bytes, 0, scope.items.length);
    if (scope.schemaUrl !== '') w.stringField(3, scope.schemaUrl);
    w.close(inside);
  }
  w.close(group);
}
