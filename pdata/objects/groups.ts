import type { Batch } from '../batch.ts';
import { OtlpBatch } from '../otlp-batch.ts';
import { Cursor, readVarint, skipValue } from '../proto/cursor.ts';
import { Writer } from '../proto/writer.ts';
import type { Signal } from '../signal.ts';
import {
  keepField,
  putRest,
  putString,
  putUint,
  readEnd,
  readString,
  readUint32,
} from './fields.ts';
import type { Resource, ResourceGroup, Scope, ScopeGroup } from './model.ts';
import { keepAttribute, putAttributes } from './value.ts';

/** Reads an item (span, log record, metric) that ends at `end`. */
export type ReadItem<T> = (c: Cursor, end: number) => T;
/** Writes the fields of an item, without its tag and length. */
export type PutItem<T> = (w: Writer, item: T) => void;

/** A resource that says nothing. */
export function newResource(): Resource {
  return { attributes: new Map(), droppedAttributesCount: 0 };
}

/** A scope that says nothing. */
export function newScope(): Scope {
  return { name: '', version: '', attributes: new Map(), droppedAttributesCount: 0 };
}

/** Reads the Resource that ends at `end`; several of one group are read into one object. */
function readResource(c: Cursor, end: number, resource: Resource = newResource()): Resource {
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    if (tag === 10) keepAttribute(c, start, resource.attributes, resource);
    else if (tag === 16) resource.droppedAttributesCount = readUint32(c);
    else keepField(resource, c, start, tag);
  }
  return resource;
}

/** Reads the InstrumentationScope that ends at `end`, as {@link readResource} does. */
function readScope(c: Cursor, end: number, scope: Scope = newScope()): Scope {
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    if (tag === 10) scope.name = readString(c);
    else if (tag === 18) scope.version = readString(c);
    else if (tag === 26) keepAttribute(c, start, scope.attributes, scope);
    else if (tag === 32) scope.droppedAttributesCount = readUint32(c);
    else keepField(scope, c, start, tag);
  }
  return scope;
}

function readScopeGroup<T>(c: Cursor, end: number, readItem: ReadItem<T>): ScopeGroup<T> {
  const group: ScopeGroup<T> = { scope: newScope(), schemaUrl: '', items: [] };
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    if (tag === 10) {
      const stop = readEnd(c);
      readScope(c, stop, group.scope);
    } else if (tag === 18) {
      const stop = readEnd(c);
      group.items.push(readItem(c, stop));
    } else if (tag === 26) group.schemaUrl = readString(c);
    else keepField(group, c, start, tag);
  }
  return group;
}

function readResourceGroup<T>(c: Cursor, end: number, readItem: ReadItem<T>): ResourceGroup<T> {
  const group: ResourceGroup<T> = { resource: newResource(), schemaUrl: '', scopes: [] };
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    if (tag === 10) {
      const stop = readEnd(c);
      readResource(c, stop, group.resource);
    } else if (tag === 18) {
      const stop = readEnd(c);
      group.scopes.push(readScopeGroup(c, stop, readItem));
    } else if (tag === 26) group.schemaUrl = readString(c);
    else keepField(group, c, start, tag);
  }
  return group;
}

/** All groups of a batch, with its edits. */
export function readGroups<T, S extends Signal>(
  batch: Batch<S>,
  readItem: ReadItem<T>,
): ResourceGroup<T>[] {
  const groups: ResourceGroup<T>[] = [];
  for (const bytes of batch.ranges()) {
    const c = new Cursor(bytes);
    while (c.pos < bytes.length) {
      const tag = readVarint(c);
      if (tag === 10) {
        const stop = readEnd(c);
        groups.push(readResourceGroup(c, stop, readItem));
      } else skipValue(c, tag);
    }
  }
  return groups;
}

function putResource(w: Writer, resource: Resource): void {
  putAttributes(w, 1, resource.attributes);
  putUint(w, 2, resource.droppedAttributesCount);
  putRest(w, resource);
}

function putScope(w: Writer, scope: Scope): void {
  putString(w, 1, scope.name);
  putString(w, 2, scope.version);
  putAttributes(w, 3, scope.attributes);
  putUint(w, 4, scope.droppedAttributesCount);
  putRest(w, scope);
}

function putScopeGroup<T>(w: Writer, group: ScopeGroup<T>, putItem: PutItem<T>): void {
  const scope = w.open(1);
  putScope(w, group.scope);
  w.close(scope);
  for (const item of group.items) {
    const at = w.open(2, 2);
    putItem(w, item);
    w.close(at);
  }
  putString(w, 3, group.schemaUrl);
  putRest(w, group);
}

/** A batch of these groups, in a buffer of its own; empty groups are written too. */
export function writeGroups<T, S extends Signal>(
  signal: S,
  groups: readonly ResourceGroup<T>[],
  putItem: PutItem<T>,
  countItems: (item: T) => number,
): Batch<S> {
  const w = new Writer(4096);
  let items = 0;
  for (const group of groups) {
    const at = w.open(1, 3);
    const resource = w.open(1, 2);
    putResource(w, group.resource);
    w.close(resource);
    for (const scope of group.scopes) {
      const inner = w.open(2, 3);
      putScopeGroup(w, scope, putItem);
      w.close(inner);
      for (const item of scope.items) items += countItems(item);
    }
    putString(w, 3, group.schemaUrl);
    putRest(w, group);
    w.close(at);
  }
  return new OtlpBatch(signal, [w.finish()], [items]);
}
