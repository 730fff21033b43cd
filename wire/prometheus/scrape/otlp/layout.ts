import { parseFloatText } from '../float.ts';
import { familyOf, kindOf, type PointKind } from './family-of.ts';
import { Group, type Role } from './group.ts';
import { groupKey, type Labels, labelOf, type ScopeLabels, scopeOf } from './labels.ts';
import type { FamilyMetadata, MetadataStore } from './metadata-store.ts';
import type { Series } from './series.ts';

/** Metrics of one name and kind of a scope. */
export interface Family {
  readonly name: string;
  readonly kind: PointKind;
  readonly metadata: FamilyMetadata;
  readonly groups: Map<string, Group>;
  readonly scope: Scope;
  turn: number;
  readonly filled: Group[];
}

export interface Scope extends ScopeLabels {
  /** Names the scope among those of its resource. */
  readonly key: string;
  readonly families: Map<string, Family>;
  readonly resource: Resource;
  turn: number;
  readonly filled: Family[];
}

export interface Resource {
  readonly job: string;
  readonly instance: string;
  readonly scopes: Map<string, Scope>;
  turn: number;
  readonly filled: Scope[];
  /** What `target_info` said in this turn. */
  readonly info: Map<string, string>;
  /** What `otel_scope_info` said in this turn, by scope. */
  readonly scopeInfo: Map<string, Readonly<Record<string, string>>>;
}

/** Where the samples of a series go. */
export interface Place {
  readonly layout: Layout;
  readonly what: 'point' | 'target' | 'scope';
  readonly resource: Resource;
  readonly family: Family | undefined;
  readonly group: Group | undefined;
  readonly role: Role;
  readonly bound: number;
}

/** The names that tell scopes of a resource apart. */
export function scopeKey(scope: ScopeLabels): string {
  return JSON.stringify([scope.name, scope.version, scope.schemaUrl, scope.attributes]);
}

/** Finds the places of series; holds as long as metadata says the same. */
export class Layout {
  readonly #resources = new Map<string, Resource>();
  readonly #metadata: MetadataStore;
  readonly #job: string;
  readonly #instance: string;

  /** @param job of the target, for series that name none; `instance` likewise */
  constructor(metadata: MetadataStore, job: string, instance: string) {
    this.#metadata = metadata;
    this.#job = job;
    this.#instance = instance;
  }

  /** @param native whether its samples are native histograms */
  place(series: Series, native: boolean): Place {
    const { labels } = series;
    const name = labelOf(labels, '__name__');
    const resource = this.#resource(labels);
    const nothing = { family: undefined, group: undefined, role: 'none', bound: 0 } as const;
    if (name === 'target_info') return { layout: this, what: 'target', resource, ...nothing };
    if (name === 'otel_scope_info') return { layout: this, what: 'scope', resource, ...nothing };
    const family = this.#family(resource, labels, name, native);
    const key = groupKey(labels, family.kind);
    let group = family.groups.get(key);
    if (group === undefined) {
      group = new Group(labels, family.kind);
      family.groups.set(key, group);
    }
    const [role, bound] = roleOf(family, name, labels, native);
    return { layout: this, what: 'point', resource, family, group, role, bound };
  }

  #resource(labels: Labels): Resource {
    const job = labelOf(labels, 'job') || this.#job;
    const instance = labelOf(labels, 'instance') || this.#instance;
    const key = `${job}\xff${instance}`;
    let resource = this.#resources.get(key);
    if (resource === undefined) {
      resource = {
        job,
        instance,
        scopes: new Map(),
        turn: 0,
        filled: [],
        info: new Map(),
        scopeInfo: new Map(),
      };
      this.#resources.set(key, resource);
    }
    return resource;
  }

  #family(resource: Resource, labels: Labels, name: string, native: boolean): Family {
    const given = scopeOf(labels);
    const key = scopeKey(given);
    let scope = resource.scopes.get(key);
    if (scope === undefined) {
      scope = { ...given, key, families: new Map(), resource, turn: 0, filled: [] };
      resource.scopes.set(key, scope);
    }
    const named = familyOf(name, this.#metadata);
    const familyKey = `${native ? 'n' : ''}\xff${named.name}`;
    let family = scope.families.get(familyKey);
    if (family === undefined) {
      const kind = kindOf(named.metadata, native);
      // OTLP has no gauge histograms: native ones are told as histograms, as by the Go receiver.
      const type = native ? 'histogram' : named.metadata.type;
      const metadata = { ...named.metadata, type };
      family = { ...named, metadata, kind, groups: new Map(), scope, turn: 0, filled: [] };
      scope.families.set(familyKey, family);
    }
    return family;
  }
}

function roleOf(
  { kind, metadata }: Family,
  name: string,
  labels: Labels,
  native: boolean,
): [Role, number] {
  if (native) return ['native', 0];
  if (kind === 'gauge') return ['value', 0];
  const created = name === `${metadata.family}_created`;
  if (kind === 'sum') return [created ? 'created' : 'value', 0];
  if (name.endsWith('_sum')) return ['sum', 0];
  if (name.endsWith('_count')) return ['count', 0];
  if (created) return ['created', 0];
  const bound = parseFloatText(labelOf(labels, kind === 'histogram' ? 'le' : 'quantile'));
  return bound === undefined ? ['none', 0] : ['bound', bound];
}
