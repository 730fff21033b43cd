import { type InternedSet, SetFields } from '../smart/sets.ts';
import { typedJson } from '../smart/typed-json.ts';
import { Kind, ValueAt } from '../value-at.ts';

/** What a resource gives to the labels of its series. */
export interface TargetLabels {
  /** `service.namespace/service.name`, or the name alone; empty without a name. */
  readonly job: Uint8Array;
  /** `service.instance.id`. */
  readonly instance: Uint8Array;
}

/** Names and values in turn. */
export type ScopeLabels = readonly Uint8Array[];

const NAME = Buffer.from('service.name');
const NAMESPACE = Buffer.from('service.namespace');
const INSTANCE = Buffer.from('service.instance.id');
const NOTHING = new Uint8Array(0);

/** Labels `job` and `instance` of a resource, as Prometheus has it for OTLP. */
export function targetLabels(resource: InternedSet): TargetLabels {
  const { message } = resource;
  const fields = new SetFields();
  fields.read('resource', message);
  const text = (key: Uint8Array): Uint8Array => {
    const at = fields.attributes.find(message, key);
    if (at === -1) return NOTHING;
    return textOf(message, fields.attributes.valueStart[at]!, fields.attributes.valueEnd[at]!);
  };
  const name = text(NAME);
  const namespace = text(NAMESPACE);
  const both = name.length > 0 && namespace.length > 0;
  const job = both ? Buffer.concat([namespace, Buffer.from('/'), name]) : name;
  return { job, instance: text(INSTANCE) };
}

/** Labels `otel_scope_...` of a scope: its name, version, schema URL and attributes. */
export function scopeLabels(scope: InternedSet): ScopeLabels {
  const { message, url } = scope;
  const fields = new SetFields();
  fields.read('scope', message);
  const labels: Uint8Array[] = [];
  const add = (key: string | Uint8Array, value: Uint8Array): void => {
    if (value.length === 0) return;
    labels.push(Buffer.concat([Buffer.from('otel_scope_'), Buffer.from(key)]), value);
  };
  add('name', message.subarray(fields.nameStart, fields.nameEnd));
  add('version', message.subarray(fields.versionStart, fields.versionEnd));
  add('schema_url', url);
  const { attributes } = fields;
  for (let i = 0; i < attributes.count; i++) {
    const key = message.subarray(attributes.keyStart[i]!, attributes.keyEnd[i]!);
    add(key, textOf(message, attributes.valueStart[i]!, attributes.valueEnd[i]!));
  }
  return labels;
}

/** A value as text: typed JSON where it is none. */
function textOf(message: Uint8Array, start: number, end: number): Uint8Array {
  const value = new ValueAt();
  value.locate(message, start, end);
  if (value.kind === Kind.EMPTY) return NOTHING;
  if (value.kind === Kind.STRING) return message.subarray(value.start, value.end);
  return typedJson(message, start, end).slice();
}
