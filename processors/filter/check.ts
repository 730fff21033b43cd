import type { Signal } from '../../component/signals.ts';
import { checkEnvironment } from '../../ottl/config.ts';
import type { ContextName } from '../../ottl/index.ts';
import { compileAll, compileGroup } from './conditions.ts';
import type { Config, LogMatch } from './config.ts';
import { oldestRules } from './rules.ts';
import { severityNumber } from './severity.ts';

interface Report {
  addIssue(issue: { code: 'custom'; path: PropertyKey[]; message: string }): void;
}

type Input = Config;

function given(...values: readonly unknown[]): boolean {
  return values.some((value) => value !== undefined);
}

/** Why two forms of one thing cannot stand together. */
function conflict(config: Input): string | undefined {
  const { traces, metrics, logs, profiles, spans } = config;
  const old = {
    traces: given(traces.resource, traces.span, traces.spanevent),
    metrics: given(metrics.resource, metrics.metric, metrics.datapoint),
    logs: given(logs.resource, logs.log_record),
    profiles: given(profiles.resource, profiles.profile),
  };
  const oldest = {
    spans: given(spans.include, spans.exclude),
    metrics: given(metrics.include, metrics.exclude),
    logs: given(logs.include, logs.exclude),
  };
  const at = 'at the same time';
  if (given(config.trace_conditions) && old.traces) {
    return `cannot use context inferred trace conditions "trace_conditions" and the settings "traces.resource", "traces.span", "traces.spanevent" ${at}`;
  }
  if (given(config.metric_conditions) && (old.metrics || oldest.metrics)) {
    return `cannot use context inferred metric conditions "metric_conditions" and the settings "metrics.resource", "metrics.metric", "metrics.datapoint", "metrics.include", "metrics.exclude" ${at}`;
  }
  if (given(config.log_conditions) && (old.logs || oldest.logs)) {
    return `cannot use context inferred log conditions "log_conditions" and the settings "logs.resource", "logs.log", "logs.include", "logs.exclude" ${at}`;
  }
  if (given(config.profile_conditions) && old.profiles) {
    return `cannot use context inferred profile conditions "profile_conditions" and the settings "profiles.resource", "profiles.profile" ${at}`;
  }
  if (old.traces && oldest.spans) {
    return `cannot use "traces.resource", "traces.span", "traces.spanevent" and the span settings "spans.include", "spans.exclude" ${at}`;
  }
  if (old.metrics && oldest.metrics) {
    return `cannot use "metrics.resource", "metrics.metric", "metrics.datapoint" and the settings "metrics.include", "metrics.exclude" ${at}`;
  }
  if (old.logs && oldest.logs) {
    return `cannot use "logs.resource", "logs.log" and the settings "logs.include", "logs.exclude" ${at}`;
  }
  return undefined;
}

const groupKeys = [
  ['trace_conditions', 'traces'],
  ['metric_conditions', 'metrics'],
  ['log_conditions', 'logs'],
] as const;

const nestedKeys: readonly (readonly [Signal, string, ContextName])[] = [
  ['traces', 'resource', 'resource'],
  ['traces', 'span', 'span'],
  ['traces', 'spanevent', 'spanevent'],
  ['metrics', 'resource', 'resource'],
  ['metrics', 'metric', 'metric'],
  ['metrics', 'datapoint', 'datapoint'],
  ['logs', 'resource', 'resource'],
  ['logs', 'log_record', 'log'],
];

function attempt(report: Report, path: PropertyKey[], compile: () => unknown): void {
  try {
    compile();
  } catch (error) {
    report.addIssue({ code: 'custom', path, message: (error as Error).message });
  }
}

function checkSeverity(report: Report, path: PropertyKey[], match: LogMatch | undefined): void {
  const min = match?.severity_number?.min ?? '';
  if (min === '' || severityNumber(min) !== undefined) return;
  const message = `'${min}' is not a valid severity: not a valid severity`;
  report.addIssue({ code: 'custom', path: [...path, 'severity_number', 'min'], message });
}

/** What the keys alone cannot say: forms that exclude each other, conditions that do not compile. */
export function checkConfig(config: Input, report: Report): void {
  const message = conflict(config);
  if (message !== undefined) {
    report.addIssue({ code: 'custom', path: [], message });
    return;
  }
  if ((config.profile_conditions?.length ?? 0) > 0) {
    const text = 'cannot filter profiles: profile_conditions are not supported';
    report.addIssue({ code: 'custom', path: ['profile_conditions'], message: text });
  }
  if (given(config.profiles.resource, config.profiles.profile)) {
    const text = 'cannot filter profiles: conditions on profiles are not supported';
    report.addIssue({ code: 'custom', path: ['profiles'], message: text });
  }
  for (const [key, signal] of groupKeys) {
    config[key]?.forEach((group, i) => {
      attempt(report, [key, i], () => compileGroup(signal, group, checkEnvironment));
    });
  }
  for (const [signal, key, context] of nestedKeys) {
    const section = config[signal as 'traces' | 'metrics' | 'logs'] as Record<string, unknown>;
    const list = section[key] as readonly string[] | undefined;
    list?.forEach((text, i) => {
      attempt(report, [signal, key, i], () =>
        compileAll(signal, context, [text], checkEnvironment),
      );
    });
  }
  for (const signal of ['traces', 'metrics', 'logs'] as const) {
    const path = signal === 'traces' ? 'spans' : signal;
    attempt(report, [path], () => oldestRules(signal, config));
  }
  checkSeverity(report, ['logs', 'include'], config.logs.include);
  checkSeverity(report, ['logs', 'exclude'], config.logs.exclude);
}
