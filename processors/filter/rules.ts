import type { Signal } from '../../component/signals.ts';
import type { Environment } from '../../ottl/functions/types.ts';
import type { Condition, ContextName } from '../../ottl/index.ts';
import { anyCondition, type ErrorMode, type Faults } from '../../ottl/sequence.ts';
import { type Compiled, compileAll, compileGroup } from './conditions.ts';
import type { Config, MetricMatch } from './config.ts';
import {
  logMatch,
  metricMatch,
  metricResourceMatch,
  skipTest,
  spanMatch,
  type Test,
} from './match.ts';

/** What goes, by level; a level without a test is not looked at. */
export interface Rules {
  readonly resource: Test | undefined;
  readonly scope: Test | undefined;
  readonly metric: Test | undefined;
  /** Spans, log records or data points. */
  readonly item: Test | undefined;
  /** Events of spans. */
  readonly event: Test | undefined;
}

type Levels = { -readonly [L in keyof Rules]?: Rules[L] };

const levels: Readonly<Partial<Record<ContextName, keyof Rules>>> = {
  resource: 'resource',
  scope: 'scope',
  metric: 'metric',
  span: 'item',
  log: 'item',
  datapoint: 'item',
  spanevent: 'event',
};

function rulesOf(compiled: Compiled, mode: ErrorMode, faults: Faults): Rules {
  const made: Levels = {};
  for (const [context, conditions] of compiled) {
    made[levels[context]!] = anyCondition(conditions, mode, faults);
  }
  return complete(made);
}

function complete(made: Levels): Rules {
  const { resource, scope, metric, item, event } = made;
  return { resource, scope, metric, item, event };
}

const isEmpty = (rules: Rules): boolean => Object.values(rules).every((test) => test === undefined);

function nested(
  signal: Signal,
  section: Readonly<Record<string, unknown>>,
  contexts: Readonly<Record<string, ContextName>>,
  environment: Environment,
): Compiled {
  const compiled = new Map<ContextName, readonly Condition[]>();
  for (const [key, context] of Object.entries(contexts)) {
    const list = section[key] as readonly string[] | undefined;
    if (list !== undefined) compiled.set(context, compileAll(signal, context, list, environment));
  }
  return compiled;
}

const nestedContexts: Readonly<Partial<Record<Signal, Readonly<Record<string, ContextName>>>>> = {
  traces: { resource: 'resource', span: 'span', spanevent: 'spanevent' },
  metrics: { resource: 'resource', metric: 'metric', datapoint: 'datapoint' },
  logs: { resource: 'resource', log_record: 'log' },
};

/** What `include` and `exclude` take out. @throws Error for what cannot be matched by */
export function oldestRules(signal: Signal, { spans, metrics, logs }: Config): Rules {
  const maybe = <M, T>(match: M | undefined, make: (match: M) => T): T | undefined =>
    match === undefined ? undefined : make(match);
  if (signal === 'traces') {
    const item = skipTest(maybe(spans.include, spanMatch), maybe(spans.exclude, spanMatch));
    return complete({ item });
  }
  if (signal === 'logs') {
    const item = skipTest(maybe(logs.include, logMatch), maybe(logs.exclude, logMatch));
    return complete({ item });
  }
  const { include, exclude } = metrics;
  // without wanted attributes any resource is included, and none excluded
  const excluded = (match: MetricMatch): Test | undefined =>
    match.resource_attributes.length === 0 ? undefined : metricResourceMatch(match);
  return complete({
    resource: skipTest(maybe(include, excluded), maybe(exclude, excluded)),
    metric: skipTest(maybe(include, metricMatch), maybe(exclude, metricMatch)),
  });
}

/**
 * What a configuration takes out of one signal: passes over the batch, one after the other.
 *
 * @throws Error for conditions that do not compile
 */
export function compileRules(
  signal: Signal,
  config: Config,
  environment: Environment,
  faults: Faults,
): Rules[] {
  const groups = {
    traces: config.trace_conditions,
    metrics: config.metric_conditions,
    logs: config.log_conditions,
    profiles: undefined,
  }[signal];
  if (groups !== undefined && groups.length > 0) {
    return groups.map((group) => {
      const mode = group.error_mode ?? config.error_mode;
      return rulesOf(compileGroup(signal, group, environment), mode, faults);
    });
  }
  const section = config[signal] as Readonly<Record<string, unknown>>;
  const compiled = nested(signal, section, nestedContexts[signal] ?? {}, environment);
  if (compiled.size > 0) return [rulesOf(compiled, config.error_mode, faults)];
  const rules = oldestRules(signal, config);
  return isEmpty(rules) ? [] : [rules];
}
