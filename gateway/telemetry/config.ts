import { z } from 'zod';
import { duration } from '../../config/schema/duration.ts';
import type { AttributeValue } from '../../pdata/builder.ts';
import {
  logProcessor,
  metricReader,
  metricView,
  resourceKeys,
  sampler,
  spanLimits,
  spanProcessor,
} from './sdk-config.ts';

const anyDuration = () => duration({ min: Number.NEGATIVE_INFINITY });

const sampling = z.strictObject({
  enabled: z.boolean().default(true),
  tick: anyDuration().prefault('10s').describe('Length of a sampling period.'),
  initial: z.int().default(10).describe('Equal entries logged in each period.'),
  thereafter: z.int().default(100).describe('After that each n-th is; 0 = none.'),
});

/** Levels that this program logs with; above error there is nothing. */
const logLevels: Readonly<Record<string, 'debug' | 'info' | 'warn' | 'error' | 'silent'>> = {
  debug: 'debug',
  info: 'info',
  '': 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  dpanic: 'silent',
  panic: 'silent',
  fatal: 'silent',
};

const logLevel = z.union([z.string(), z.number()]).transform((value, ctx) => {
  if (typeof value === 'number') {
    return (['debug', 'info', 'warn', 'error'] as const)[Math.trunc(value) + 1] ?? 'silent';
  }
  const level = logLevels[value.toLowerCase()];
  if (level !== undefined) return level;
  const known = '"debug", "info", "warn", "error", "dpanic", "panic", "fatal"';
  const message = `unrecognized level: expected one of ${known}, got ${JSON.stringify(value)}`;
  ctx.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const logs = z.strictObject({
  level: logLevel.prefault('info').describe('Least level: debug, info, warn, error.'),
  development: z.boolean().default(false).describe('Has no effect: there is no panic to choose.'),
  encoding: z.string().default('console').describe('console or json.'),
  disable_caller: z.boolean().default(false).describe('Has no effect: callers are not logged.'),
  disable_stacktrace: z
    .boolean()
    .default(false)
    .describe('Has no effect: stacks are logged for programming errors only.'),
  disable_zap_resource: z
    .boolean()
    .default(false)
    .describe('Leaves the attributes of the program out of its log.'),
  sampling: sampling.prefault({}),
  output_paths: z.array(z.string()).default(['stderr']).describe('stderr, stdout or files.'),
  error_output_paths: z
    .array(z.string())
    .default(['stderr'])
    .describe('Has no effect: errors of the log itself end the program.'),
  initial_fields: z.record(z.string(), z.unknown()).default({}).describe('Added to each entry.'),
  processors: z.array(logProcessor).default([]).describe('Where log records are sent.'),
});

const levels = ['none', 'basic', 'normal', 'detailed'] as const;

/** A name in any case, or its number. */
const level = z.union([z.string(), z.number()]).transform((value, ctx) => {
  if (typeof value === 'number') {
    return levels[Math.min(Math.max(Math.trunc(value) + 1, 0), levels.length - 1)]!;
  }
  const found = levels.find((name) => name === value.toLowerCase());
  if (found !== undefined) return found;
  const known = levels.map((name) => JSON.stringify(name)).join(', ');
  const message = `unknown metrics level: expected one of ${known}, got ${JSON.stringify(value)}`;
  ctx.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const defaultReader = { pull: { exporter: { prometheus: { host: 'localhost', port: 8888 } } } };

const metrics = z
  .strictObject({
    level: level.prefault('normal').describe('none switches the readers off.'),
    readers: z.array(metricReader).prefault([defaultReader]).describe('How metrics get out.'),
    views: z.array(metricView).optional().describe('Changes of single metrics.'),
  })
  .superRefine((value, ctx) => {
    const report = (path: (string | number)[], message: string) =>
      ctx.addIssue({ code: 'custom', path, message });
    if (value.level !== 'none' && value.readers.length === 0) {
      report([], 'collector telemetry metrics reader should exist when metric level is not none');
    }
    if (value.views !== undefined && value.level !== 'detailed') {
      const key = 'service::telemetry::metrics';
      report(['views'], `${key}::views can only be set when ${key}::level is detailed`);
    }
  });

const traces = z.strictObject({
  level: level.prefault('none').describe('none switches them off.'),
  propagators: z.array(z.string()).default([]).describe('tracecontext, b3.'),
  processors: z
    .array(spanProcessor)
    .default([])
    .describe('Where spans are sent; none: there are no traces.'),
  limits: spanLimits.optional(),
  sampler: sampler.optional(),
});

const legacyValue = z.unknown();

/** Attributes of the program by name, null = removed; and the schema that they follow. */
export interface ResourceConfig {
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly schemaUrl: string | undefined;
}

/** Attributes by name, null = removed; the newer form is a list below `attributes`. */
const resource = z
  .object(resourceKeys)
  .catchall(legacyValue)
  .superRefine((value, ctx) => {
    const report = (path: string[], message: string) =>
      ctx.addIssue({ code: 'custom', path, message });
    if (value.attributes_list !== undefined) {
      const message = 'resource::attributes_list is not currently supported, use attributes';
      report(['attributes_list'], message);
    }
    const legacy = Object.entries(value).filter(([key]) => !(key in resourceKeys));
    for (const [key, given] of legacy) {
      if (given === null || typeof given === 'string') continue;
      const name = `legacy resource attribute ${JSON.stringify(key)}`;
      report([key], `${name} must be string or null`);
    }
    if (legacy.length > 0 && value.attributes !== undefined && value.attributes.length > 0) {
      const message = 'resource::attributes cannot be used together with legacy inline attributes';
      report(['attributes'], message);
    }
  })
  .transform((value): ResourceConfig => {
    const out: Record<string, AttributeValue> = {};
    for (const [key, given] of Object.entries(value)) {
      if (!(key in resourceKeys)) out[key] = given === null ? null : String(given);
    }
    for (const { name, value: given } of value.attributes ?? []) {
      if (given === null || given === undefined) continue;
      out[name] = given as AttributeValue;
    }
    return { attributes: out, schemaUrl: value.schema_url };
  });

/** `service::telemetry`. */
export const telemetrySchema = z.strictObject({
  logs: logs.prefault({}),
  metrics: metrics.prefault({}),
  traces: traces.prefault({}),
  resource: resource.prefault({}).describe('Attributes of the program itself.'),
});

/** Section `service::telemetry`, decoded; times in milliseconds. */
export type TelemetryConfig = z.infer<typeof telemetrySchema>;
