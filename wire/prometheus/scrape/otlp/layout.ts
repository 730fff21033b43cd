import { ByteTable, hashBytes } from '../../../byte-table/byte-table.ts';
import { parseFloatText } from '../float.ts';
import { familyOf, kindOf, type PointKind } from './family-of.ts';
import { Group, Parts, type Role } from './group.ts';
import { GroupKey, type Labels, labelOf, noScope, type ScopeLabels, scopeOf } from './labels.ts';
import type { FamilyMetadata, MetadataStore } from './metadata-store.ts';
import type { Series } from './series.ts';

/** Metrics of one name and kind of a scope. */
export interface Family {
  readonly number: number;
  readonly name: string;
  readonly kind: PointKind;
  readonly metadata: FamilyMetadata;
  readonly places: Map<Role, Place>;
  readonly scope: Scope;
  turn: number;
  readonly filled: Group[];
}

/** A scope of a resource; `turn` is the scrape that filled it last, `filled` its families then. */
export interface Scope extends ScopeLabels {
  /** Names the scope among those of its resource. */
  readonly key: string;
  readonly families: Map<string, Family>;
  readonly resource: Resource;
  turn: number;
  readonly filled: Family[];
}

/** The resource of a job and instance; `turn` and `filled` as {@link Scope} has them. */
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

/** Where the samples of a series go, but for the point: series of a family share it. */
export interface Place {
  readonly layout: Layout;
  readonly what: 'point' | 'target' | 'scope';
  readonly resource: Resource;
  readonly family: Family | undefined;
  readonly role: Role;
}

const noScopeKey = JSON.stringify(['', '', '', {}]);

/** The names that tell scopes of a resource apart. */
export function scopeKey(scope: ScopeLabels): string {
  if (scope === noScope) return noScopeKey;
  return JSON.stringify([scope.name, scope.version, scope.schemaUrl, scope.attributes]);
}

/** Finds the places of series; holds as long as metadata says the same. */
export class Layout {
  readonly #resources = new Map<string, Resource>();
  readonly #metadata: MetadataStore;
  readonly #job: string;
  readonly #instance: string;
  readonly #seed: number;
  readonly #table = new ByteTable();
  readonly #groups: Group[] = [];
  readonly #key = new GroupKey();
  #families = 0;

  /**
   * @param job of the target, for series that name none; `instance` likewise
   * @param seed a secret; see KnownSeries
   */
  constructor(metadata: MetadataStore, job: string, instance: string, seed: number) {
    this.#metadata = metadata;
    this.#job = job;
    this.#instance = instance;
    this.#seed = seed | 0;
  }

  /** Holds the attributes of groups; another array once there are more. */
  get bytes(): Uint8Array {
    return this.#table.keys;
  }

  /** Finds where a series goes. @returns its place, which it also keeps */
  place(series: Series): Place {
    const { labels } = series;
    const name = labelOf(labels, '__name__');
    const resource = this.#resource(labels);
    series.group = undefined;
    if (name === 'target_info' || name === 'otel_scope_info') {
      const what = name === 'target_info' ? 'target' : 'scope';
      series.place = { layout: this, what, resource, family: undefined, role: 'none' };
      return series.place;
    }
    const family = this.#family(resource, labels, name, series.native);
    const [role, bound] = roleOf(family, name, labels, series.native);
    let place = family.places.get(role);
    if (place === undefined) {
      place = { layout: this, what: 'point', resource, family, role };
      family.places.set(role, place);
    }
    series.place = place;
    series.group = this.#group(family, labels);
    series.bound = bound;
    return place;
  }

  #group(family: Family, labels: Labels): Group {
    const key = this.#key;
    key.write(family.number, labels, family.kind);
    const { bytes, length } = key.writer;
    const hash = hashBytes(bytes, 0, length, this.#seed);
    const known = this.#table.find(bytes, 0, length, hash);
    if (known >= 0) return this.#groups[known]!;
    const start = this.#table.start(this.#table.add(bytes, 0, length, hash));
    const plain = family.kind === 'gauge' || family.kind === 'sum';
    const group = new Group(start + key.from, start + key.to, plain ? undefined : new Parts());
    this.#groups.push(group);
    return group;
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
      const number = this.#families;
      this.#families += 1;
      const places = new Map();
      family = { ...named, number, metadata, kind, places, scope, turn: 0, filled: [] };
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
