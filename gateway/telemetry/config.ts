import { z } from 'zod';
import { duration } from '../../config/schema/duration.ts';

const onlyTrue = (key: string) =>
  z.literal(true, { error: `cannot be false: ${key} is how this program names its metrics` });

const prometheus = z.strictObject({
  host: z.string().default('localhost').describe('Address to listen on.'),
  port: z.int().min(0).max(65535).default(8888).describe('Port to listen on.'),
  without_scope_info: onlyTrue('without_scope_info').default(true),
  without_units: onlyTrue('without_units').default(true),
  without_type_suffix: onlyTrue('without_type_suffix').default(true),
});

const reader = z.strictObject({
  pull: z.strictObject({ exporter: z.strictObject({ prometheus }) }),
});

const metrics = z
  .strictObject({
    level: z
      .enum(['none', 'basic', 'normal', 'detailed'])
      .default('normal')
      .describe('none switches the endpoint off.'),
    readers: z
      .array(reader)
      .prefault([{ pull: { exporter: { prometheus: {} } } }])
      .describe('Where metrics can be read.'),
  })
  .refine((value) => value.level === 'none' || value.readers.length > 0, {
    error: 'collector telemetry metrics reader should exist when metric level is not none',
  });

const sampling = z.strictObject({
  enabled: z.boolean().default(true),
  tick: duration({ min: 1 }).prefault('10s').describe('Length of a sampling period.'),
  initial: z.int().min(0).default(10).describe('Equal entries logged in each period.'),
  thereafter: z.int().min(0).default(100).describe('After that each n-th is; 0 = none.'),
});

const logs = z.strictObject({
  level: z
    .preprocess(
      (value) => (typeof value === 'string' ? value.toLowerCase() : value),
      z.enum(['debug', 'info', 'warn', 'error']),
    )
    .prefault('info'),
  encoding: z.enum(['console', 'json']).default('console'),
  sampling: sampling.prefault({}),
  output_paths: z
    .array(z.string().min(1))
    .min(1)
    .default(['stderr'])
    .describe('stderr, stdout or files.'),
  initial_fields: z.record(z.string(), z.unknown()).default({}).describe('Added to each entry.'),
});

const traces = z.strictObject({
  level: z.literal('none', { error: 'only "none": the program emits no traces of its own' }),
});

/** `service::telemetry`. */
export const telemetrySchema = z.strictObject({
  logs: logs.prefault({}),
  metrics: metrics.prefault({}),
  traces: traces.optional(),
  resource: z
    .record(z.string(), z.union([z.string(), z.null()]))
    .default({})
    .describe('Attributes of the program itself; null removes one.'),
});

export type TelemetryConfig = z.infer<typeof telemetrySchema>;
