import type { Metrics } from '../../../../pdata/batch.ts';
import type { MetricsBuilder } from '../../../../pdata/builder.ts';
import type { AttributeSet } from '../../../../pdata/values.ts';
import { ucumOf } from '../../names/units.ts';
import type { ExposedExemplar } from '../exposition.ts';
import type { NativePoint } from '../native.ts';
import type { Group } from './group.ts';
import { scopeOf } from './labels.ts';
import { type Family, Layout, type Place, type Resource, type Scope, scopeKey } from './layout.ts';
import type { MetadataStore } from './metadata-store.ts';
import type { Series } from './series.ts';
import { trimSuffixes } from './trim-suffixes.ts';
import { PointFields } from './write-point.ts';

const cumulative = 2;

/** What makes metrics of one target's scrapes. */
export interface TransactionOptions {
  readonly job: string;
  readonly instance: string;
  /** Whether names lose the suffixes of type and unit. */
  readonly trimSuffixes: boolean;
  /** Whether `otel_scope_info` is a metric like others' information and says nothing of scopes. */
  readonly ignoreScopeInfo: boolean;
  /** Name and version of the scope of metrics that name none. */
  readonly scope: { readonly name: string; readonly version: string };
  /** The attributes of a resource, in their order. */
  resource(job: string, instance: string): ReadonlyMap<string, string>;
  /** A secret; see KnownSeries. */
  readonly seed: number;
  /** Holds something in `finish` only: many transactions may have the same. */
  readonly builder: MetricsBuilder;
}

/** Gathers the samples of a scrape to points, with what scrapes before have found out kept. */
export class Transaction {
  readonly #options: TransactionOptions;
  readonly #metadata: MetadataStore;
  readonly #builder: MetricsBuilder;
  readonly #fields: PointFields;
  readonly #filled: Resource[] = [];
  #layout: Layout;
  #version: number;
  #turn = 0;

  constructor(metadata: MetadataStore, options: TransactionOptions) {
    this.#options = options;
    this.#builder = options.builder;
    this.#fields = new PointFields(options.builder.writer);
    this.#metadata = metadata;
    this.#version = metadata.version;
    this.#layout = this.#newLayout();
  }

  /** Begins anew. @param forget whether series that are gone may hold memory */
  begin(forget = false): void {
    this.#turn += 1;
    this.#filled.length = 0;
    if (!forget && this.#version === this.#metadata.version) return;
    this.#version = this.#metadata.version;
    this.#layout = this.#newLayout();
  }

  #newLayout(): Layout {
    const { job, instance, seed } = this.#options;
    return new Layout(this.#metadata, job, instance, seed);
  }

  /**
   * Adds a sample.
   * @param stale whether the series ends; `value` does not count then
   * @returns whether it is part of a point: what is not has no end that is told
   */
  add(series: Series, value: number, timeMs: number, stale: boolean): boolean {
    if (series.native && !stale) series.become(false);
    const place = this.#place(series);
    const { group } = series;
    if (group === undefined) {
      this.#inform(place, series);
      return false;
    }
    if (!this.#open(place, group, timeMs)) return false;
    if (place.role === 'none') return false;
    group.add(place.role, series.bound, value, stale);
    return true;
  }

  addNative(series: Series, point: NativePoint, timeMs: number): boolean {
    if (!series.native) series.become(true);
    const place = this.#place(series);
    const { group } = series;
    if (group === undefined || !this.#open(place, group, timeMs)) return false;
    group.addNative(point);
    return true;
  }

  /** Adds exemplars of a sample that was added. */
  addExemplars(series: Series, exemplars: readonly ExposedExemplar[], timeMs: number): void {
    this.#place(series);
    const { group } = series;
    if (group === undefined || group.turn !== this.#turn) return;
    for (const exemplar of exemplars) {
      group.addExemplar({ exemplar, timeMs: exemplar.timeMs ?? timeMs });
    }
  }

  #place(series: Series): Place {
    const { place } = series;
    return place !== undefined && place.layout === this.#layout
      ? place
      : this.#layout.place(series);
  }

  /** @returns whether the sample's time is that of its point */
  #open({ family, resource }: Place, group: Group, timeMs: number): boolean {
    const turn = this.#turn;
    if (group.turn === turn) return group.timeMs === timeMs;
    group.begin(turn, timeMs);
    if (family!.turn !== turn) this.#openFamily(family!, resource);
    family!.filled.push(group);
    return true;
  }

  #openFamily(family: Family, resource: Resource): void {
    const { scope } = family;
    family.turn = this.#turn;
    family.filled.length = 0;
    if (scope.turn !== this.#turn) {
      scope.turn = this.#turn;
      scope.filled.length = 0;
      this.#openResource(resource);
      resource.filled.push(scope);
    }
    scope.filled.push(family);
  }

  #openResource(resource: Resource): void {
    if (resource.turn === this.#turn) return;
    resource.turn = this.#turn;
    resource.filled.length = 0;
    resource.info.clear();
    resource.scopeInfo.clear();
    this.#filled.push(resource);
  }

  #inform({ what, resource }: Place, { labels }: Series): void {
    this.#openResource(resource);
    if (what === 'target') {
      for (let i = 0; i < labels.length; i += 2) {
        const name = labels[i]!;
        if (name === 'job' || name === 'instance' || name === '__name__') continue;
        resource.info.set(name, labels[i + 1]!);
      }
    } else if (!this.#options.ignoreScopeInfo) {
      const scope = scopeOf(labels, true);
      resource.scopeInfo.set(scopeKey({ ...scope, attributes: {} }), scope.attributes);
    }
  }

  /** Everything that was added, as a batch. */
  finish(): Metrics {
    this.#fields.attributes = this.#layout.bytes;
    try {
      for (const resource of this.#filled) this.#writeResource(resource);
    } catch (error) {
      this.#builder.discard();
      throw error;
    }
    this.#filled.length = 0;
    return this.#builder.finish();
  }

  #writeResource(resource: Resource): void {
    const { job, instance, info, filled } = resource;
    if (!filled.some((scope) => scope.filled.some(hasPoint))) return;
    const attributes = new Map([...this.#options.resource(job, instance), ...info]);
    this.#builder.resource(attributes);
    for (const scope of filled) {
      if (!scope.filled.some(hasPoint)) continue;
      this.#writeScope(scope, resource);
      for (const family of scope.filled) if (hasPoint(family)) this.#writeFamily(family);
    }
  }

  #writeScope(scope: Scope, { scopeInfo }: Resource): void {
    const { name, version, schemaUrl } = scope;
    const info = scopeInfo.get(scope.key);
    const attributes: AttributeSet = info ?? scope.attributes;
    const none = name === '' && version === '' && schemaUrl === '';
    if (none && Object.keys(scope.attributes).length === 0) {
      this.#builder.scope(this.#options.scope.name, this.#options.scope.version);
    } else this.#builder.scope(name, version, attributes, schemaUrl);
  }

  #writeFamily(family: Family): void {
    const { name, kind, metadata } = family;
    const builder = this.#builder;
    const shown = this.#options.trimSuffixes ? trimSuffixes(name, kind, metadata.unit) : name;
    const type = { 'prometheus.type': metadata.type };
    builder.metric(shown, ucumOf(metadata.unit), metadata.help, type);
    if (kind === 'sum') builder.sum(cumulative, metadata.type === 'counter');
    else if (kind === 'gauge') builder.gauge();
    else if (kind === 'summary') builder.summary();
    else if (kind === 'histogram') builder.histogram(cumulative);
    else builder.exponentialHistogram(cumulative);
    for (const group of family.filled) {
      if (!group.isPoint) continue;
      const at = builder.openPoint();
      const fields = this.#fields;
      if (kind === 'histogram') fields.histogram(group);
      else if (kind === 'summary') fields.summary(group);
      else if (kind === 'exponential') fields.exponential(group);
      else fields.number(group, kind === 'sum');
      builder.closePoint(at);
    }
  }
}

function hasPoint({ filled }: Family): boolean {
  return filled.some((group) => group.isPoint);
}
