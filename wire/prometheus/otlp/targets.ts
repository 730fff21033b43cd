import type { MetricsBuilder } from '../../../pdata/builder.ts';
import { startOf, type WriteRequest } from '../remote-write/request.ts';
import { type LabelRoles, Role, scopePrefix } from './label-roles.ts';
import type { TargetMemory } from './to-otlp.ts';

/** Attributes by key. */
export type Attributes = ReadonlyMap<string, string>;

/** Attributes of the resource that `job` and `instance` stand for. */
function identify(job: string, instance: string): Map<string, string> {
  const out = new Map<string, string>();
  const parts = job.split('/');
  if (parts.length === 2) {
    out.set('service.namespace', parts[0]!);
    out.set('service.name', parts[1]!);
  } else if (job !== '') out.set('service.name', job);
  if (instance !== '') out.set('service.instance.id', instance);
  return out;
}

/** The value of the label with a role. */
function labelValue(
  request: WriteRequest,
  roles: LabelRoles,
  series: number,
  role: number,
): string {
  const { labels, labelEnds, symbols } = request;
  const end = labelEnds.values[series]!;
  for (let i = startOf(labelEnds, series); i < end; i += 2) {
    if (roles.of[labels.values[i]!] === role) return symbols.text(labels.values[i + 1]!);
  }
  return '';
}

const separator = '\u0000';

/** What is known of targets: from `target_info` in this request, else from an earlier one. */
export class Targets {
  readonly #request: WriteRequest;
  readonly #roles: LabelRoles;
  readonly #memory: TargetMemory;
  /** By job and instance. */
  readonly #told = new Map<string, { job: string; instance: string; attributes: Attributes }>();

  constructor(request: WriteRequest, roles: LabelRoles, memory: TargetMemory) {
    this.#request = request;
    this.#roles = roles;
    this.#memory = memory;
    if (roles.targetInfo < 0) return;
    for (let i = 0; i < request.seriesCount; i += 1) {
      if (request.names.values[i] === roles.targetInfo) this.#read(i);
    }
  }

  #read(series: number): void {
    const { labels, labelEnds, symbols } = this.#request;
    const job = labelValue(this.#request, this.#roles, series, Role.job);
    const instance = labelValue(this.#request, this.#roles, series, Role.instance);
    const attributes = new Map<string, string>();
    const end = labelEnds.values[series]!;
    for (let i = startOf(labelEnds, series); i < end; i += 2) {
      const role = this.#roles.of[labels.values[i]!]!;
      if (role >= Role.name && role <= Role.metadata) continue;
      attributes.set(symbols.text(labels.values[i]!), symbols.text(labels.values[i + 1]!));
    }
    this.#told.set(job + separator + instance, { job, instance, attributes });
  }

  /** Attributes of the resource of a series. */
  attributes(series: number): Attributes {
    const job = labelValue(this.#request, this.#roles, series, Role.job);
    const instance = labelValue(this.#request, this.#roles, series, Role.instance);
    const out = identify(job, instance);
    const told = this.#told.get(job + separator + instance)?.attributes;
    for (const [key, value] of told ?? this.#memory.recall(job, instance) ?? []) {
      out.set(key, value);
    }
    return out;
  }

  /** Keeps what this request told for later ones. */
  rememberRest(): void {
    for (const { job, instance, attributes } of this.#told.values()) {
      this.#memory.remember(job, instance, attributes);
    }
  }
}

/** Starts the scope of a series. */
export function describeScope(
  builder: MetricsBuilder,
  request: WriteRequest,
  roles: LabelRoles,
  series: number,
): void {
  if (!roles.scopes) {
    builder.scope();
    return;
  }
  const { labels, labelEnds, symbols } = request;
  const texts = new Map<number, string>();
  const attributes = new Map<string, string>();
  const end = labelEnds.values[series]!;
  for (let i = startOf(labelEnds, series); i < end; i += 2) {
    const role = roles.of[labels.values[i]!]!;
    const value = symbols.text(labels.values[i + 1]!);
    if (role < Role.scopeName) continue;
    if (role === Role.scopeAttribute) {
      attributes.set(symbols.text(labels.values[i]!).slice(scopePrefix.length), value);
    } else texts.set(role, value);
  }
  const text = (role: number): string => texts.get(role) ?? '';
  const version = text(Role.scopeVersion);
  builder.scope(text(Role.scopeName), version, attributes, text(Role.scopeSchemaUrl));
}
