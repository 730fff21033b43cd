import type { Logger } from '../../component/settings.ts';
import { copyOf } from '../../pdata/aggregate/metric.ts';
import type { Metric, ResourceGroup, ScopeGroup } from '../../pdata/objects/index.ts';
import { combine, combineFault } from './combine.ts';
import type { Config, Transform } from './config.ts';
import { compileFilter, extract, type Filter, matchesAll, matchesAny } from './filter.ts';
import { type Apply, compileOperation } from './operations.ts';
import { type Planned, planFor } from './plan.ts';

type Group = ResourceGroup<Metric>;
type Scope = ScopeGroup<Metric>;

interface Compiled {
  readonly transform: Transform;
  readonly filter: Filter;
  readonly operations: readonly Apply[];
}

/** The transforms of a configuration, applied to metrics as objects, which are changed. */
export class Transforms {
  readonly #all: readonly Compiled[];
  readonly #logger: Logger;
  readonly #version: string;

  constructor({ transforms }: Config, version: string, logger: Logger) {
    this.#logger = logger;
    this.#version = version;
    this.#all = transforms.map((transform) => ({
      transform,
      filter: compileFilter(transform),
      operations: transform.operations.map((operation) => compileOperation(operation, version)),
    }));
  }

  /** What becomes of metrics of a name, as far as edits of their bytes do. */
  plan(name: string): Planned {
    return planFor(this.#all, name, this.#version);
  }

  /** @returns the groups that have metrics, then those that `group` made */
  apply(groups: readonly Group[]): Group[] {
    const made: Group[] = [];
    for (const group of groups) {
      for (const scope of group.scopes) {
        for (const one of this.#all) this.#applyOne(one, group, scope, made);
      }
      group.scopes = group.scopes.filter(({ items }) => items.length > 0);
    }
    return [...groups.filter(({ scopes }) => scopes.length > 0), ...made];
  }

  #applyOne(one: Compiled, group: Group, scope: Scope, made: Group[]): void {
    switch (one.transform.action) {
      case 'group':
        moveToGroup(one, group, scope, made);
        return;
      case 'combine':
        this.#combine(one, scope);
        return;
      case 'insert':
        insert(one, scope);
        return;
      default:
        scope.items = scope.items.filter((metric) => {
          const { filter } = one;
          if (!filter.matchesName(metric.name) || !matchesAny(filter, metric)) return true;
          return change(one, metric);
        });
    }
  }

  #combine(one: Compiled, scope: Scope): void {
    const { filter, transform } = one;
    const matched = scope.items.filter(
      (metric) => filter.matchesName(metric.name) && matchesAny(filter, metric),
    );
    if (matched.length === 0) return;
    const fault = combineFault(matched);
    if (fault !== undefined) {
      this.#logger.warn(fault);
      return;
    }
    const combined = combine(transform, filter, takeMatching(filter, scope));
    if (change(one, combined)) scope.items.push(combined);
  }
}

/** Takes what matches out of a scope; of a metric of which only a part does, the rest is lost. */
function takeMatching(filter: Filter, scope: Scope): Metric[] {
  const taken: Metric[] = [];
  scope.items = scope.items.filter((metric) => {
    const part = extract(filter, metric);
    if (part !== undefined) taken.push(part);
    return part === undefined;
  });
  return taken;
}

function moveToGroup(one: Compiled, group: Group, scope: Scope, made: Group[]): void {
  const items = takeMatching(one.filter, scope);
  if (items.length === 0) return;
  const attributes = new Map(group.resource.attributes);
  const labels = one.transform.group_resource_labels ?? {};
  for (const [key, value] of Object.entries(labels)) attributes.set(key, value);
  const resource = { ...group.resource, attributes };
  made.push({ resource, schemaUrl: '', scopes: [{ scope: scope.scope, schemaUrl: '', items }] });
}

function insert(one: Compiled, scope: Scope): void {
  for (const metric of [...scope.items]) {
    const part = extract(one.filter, metric);
    if (part === undefined) continue;
    const copy = copyOf(part);
    if (change(one, copy)) scope.items.push(copy);
  }
}

/** Renames a metric and applies the operations. @returns false when it lost all of its points */
function change({ transform, filter, operations }: Compiled, metric: Metric): boolean {
  const wasEmpty = metric.data.points.length === 0;
  const whole = transform.action !== 'update' || matchesAll(filter, metric);
  if (transform.new_name !== '' && whole) {
    metric.name = filter.expand(transform.new_name, metric.name) || transform.new_name;
  }
  for (const apply of operations) apply(metric, filter, whole);
  return wasEmpty || metric.data.points.length > 0;
}
