export type { LogFields } from './builder/logs.ts';
export { LogsBuilder } from './builder/logs.ts';
export type {
  Buckets,
  ExponentialPointFields,
  HistogramPointFields,
  NumberPointFields,
  PointFields,
  SummaryPointFields,
  Temporality,
} from './builder/metrics.ts';
export { MetricsBuilder } from './builder/metrics.ts';
export type {
  FunctionFields,
  LocationFields,
  MappingFields,
  ProfileFields,
  SampleFields,
} from './builder/profiles.ts';
export { ProfilesBuilder } from './builder/profiles.ts';
export type { EventFields, LinkFields, SpanFields } from './builder/traces.ts';
export { TracesBuilder } from './builder/traces.ts';
export { type AttributeSet, type AttributeValue, Double, encodeValue } from './values.ts';
