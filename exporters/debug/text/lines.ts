import type { Group, KeyValue, WithAttributes } from './otlp-json.ts';
import { inlineAttributes, typedValue } from './values.ts';

/** Lines of a text under construction. */
export class Lines {
  readonly #lines: string[] = [];

  add(line: string): void {
    this.#lines.push(line);
  }

  /** `title:` and an indented line for each attribute; nothing when there are none. */
  attributes(title: string, list: readonly KeyValue[] | undefined, indent = ''): void {
    if (list === undefined || list.length === 0) return;
    this.add(`${title}:`);
    for (const { key, value } of list)
      this.add(`${indent}     -> ${key ?? ''}: ${typedValue(value)}`);
  }

  /** Attributes of an event, a link or an exemplar. */
  nested(owner: WithAttributes): void {
    const { attributes = [], droppedAttributesCount } = owner;
    this.add(`     -> DroppedAttributesCount: ${droppedAttributesCount ?? 0}`);
    if (attributes.length > 0) this.attributes('     -> Attributes:', attributes, '     ');
  }

  /** Head of a resource in full. @param kind e.g. `ResourceSpans` */
  resource(kind: string, index: number, group: Group): void {
    this.add(`${kind} #${index}`);
    this.add(`Resource SchemaURL: ${group.schemaUrl ?? ''}`);
    this.attributes('Resource attributes', group.resource?.attributes);
  }

  /** Head of a scope in full. @param kind e.g. `ScopeSpans` */
  scope(kind: string, index: number, group: Group): void {
    const { name = '', version = '', attributes } = group.scope ?? {};
    this.add(`${kind} #${index}`);
    this.add(`${kind} SchemaURL: ${group.schemaUrl ?? ''}`);
    this.add(`InstrumentationScope ${name} ${version}`);
    this.attributes('InstrumentationScope attributes', attributes);
  }

  /** Heads of one line each. */
  shortResource(kind: string, index: number, group: Group): void {
    const schema = group.schemaUrl ? ` [${group.schemaUrl}]` : '';
    this.add(`${kind} #${index}${schema}${inlineAttributes(group.resource?.attributes)}`);
  }

  shortScope(kind: string, index: number, group: Group): void {
    const { name = '', version, attributes } = group.scope ?? {};
    const at = version ? `@${version}` : '';
    const schema = group.schemaUrl ? ` [${group.schemaUrl}]` : '';
    const named = name === '' && at === '' ? '' : ` ${name}${at}`;
    this.add(`${kind} #${index}${named}${schema}${inlineAttributes(attributes)}`);
  }

  toString(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }
}
