import { startOf, type WriteRequest } from '../remote-write/request.ts';
import { IdTable, Lists } from './id-table.ts';
import { type LabelRoles, Role } from './label-roles.ts';

/** What a metric is in OTLP. */
export const Shape = {
  gauge: 0,
  counter: 1,
  sum: 2,
  histogram: 3,
  exponential: 4,
  summary: 5,
} as const;

/** Sorts series into resources, scopes of them and metrics of those. */
export class MetricGroups {
  readonly #request: WriteRequest;
  readonly #roles: LabelRoles;
  readonly #resources: IdTable;
  readonly #scopes: IdTable;
  readonly #metrics: IdTable;
  readonly #scopesOf = new Lists(16);
  readonly #metricsOf: Lists;
  /** A series of each resource, scope and metric. */
  readonly #resourceSeries: number[] = [];
  readonly #scopeSeries: number[] = [];
  readonly #series: number[] = [];
  readonly #names: number[] = [];
  readonly #shapes: number[] = [];
  readonly #helps: number[] = [];

  constructor(request: WriteRequest, roles: LabelRoles) {
    this.#request = request;
    this.#roles = roles;
    const { seed } = request.symbols;
    this.#resources = new IdTable(16, seed);
    this.#scopes = new IdTable(16, seed);
    this.#metrics = new IdTable(Math.min(request.seriesCount, 1024), seed);
    this.#metricsOf = new Lists(64);
  }

  /** The metric of a series. @param name symbol @param shape one of {@link Shape} */
  of(series: number, name: number, shape: number): number {
    const { types, units, helps, symbols } = this.#request;
    const scope = this.#scope(series);
    const { key } = this.#metrics;
    key.push(scope);
    key.push(name);
    key.push(shape);
    key.push(types.values[series]!);
    key.push(units.values[series]!);
    const known = this.#metrics.count;
    const metric = this.#metrics.id();
    const help = helps.values[series]!;
    if (metric === known) {
      this.#metricsOf.append(scope, metric);
      this.#series.push(series);
      this.#names.push(name);
      this.#shapes.push(shape);
      this.#helps.push(help);
    } else if (symbols.lengthOf(help) > symbols.lengthOf(this.#helps[metric]!)) {
      this.#helps[metric] = help;
    }
    return metric;
  }

  #scope(series: number): number {
    const { labels, labelEnds } = this.#request;
    const roles = this.#roles.of;
    const { values } = labels;
    const end = labelEnds.values[series]!;
    const { key } = this.#scopes;
    let job = 0;
    let instance = 0;
    key.push(0);
    for (let i = startOf(labelEnds, series); i < end; i += 2) {
      const role = roles[values[i]!]!;
      if (role === Role.job) job = values[i + 1]!;
      else if (role === Role.instance) instance = values[i + 1]!;
      else if (role >= Role.scopeName) {
        key.push(values[i]!);
        key.push(values[i + 1]!);
      }
    }
    const resource = this.#resource(series, job, instance);
    key.values[0] = resource;
    const known = this.#scopes.count;
    const scope = this.#scopes.id();
    if (scope === known) {
      this.#scopesOf.append(resource, scope);
      this.#scopeSeries.push(series);
    }
    return scope;
  }

  #resource(series: number, job: number, instance: number): number {
    this.#resources.key.push(job);
    this.#resources.key.push(instance);
    const known = this.#resources.count;
    const resource = this.#resources.id();
    if (resource === known) this.#resourceSeries.push(series);
    return resource;
  }

  *resources(): Iterable<number> {
    for (let i = 0; i < this.#resources.count; i += 1) yield i;
  }

  *scopes(resource: number): Iterable<number> {
    const lists = this.#scopesOf;
    for (let at = lists.first(resource); at !== 0; at = lists.next(at)) yield lists.value(at);
  }

  *metrics(scope: number): Iterable<number> {
    const lists = this.#metricsOf;
    for (let at = lists.first(scope); at !== 0; at = lists.next(at)) yield lists.value(at);
  }

  /** A series of a resource, whose labels say what it is. */
  seriesOfResource(resource: number): number {
    return this.#resourceSeries[resource]!;
  }

  seriesOfScope(scope: number): number {
    return this.#scopeSeries[scope]!;
  }

  seriesOf(metric: number): number {
    return this.#series[metric]!;
  }

  nameOf(metric: number): number {
    return this.#names[metric]!;
  }

  shapeOf(metric: number): number {
    return this.#shapes[metric]!;
  }

  helpOf(metric: number): number {
    return this.#helps[metric]!;
  }
}
