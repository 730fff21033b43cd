import { joinOf, onCluster, type SchemaOptions, tableName } from './table.ts';

const flags = 'p.flags AS Flags';
const total = ['p.count AS Count', 'p.sum AS Sum'];
const temporality = 'toInt32(s.temporality) AS AggregationTemporality';
const limits = [flags, 'p.min AS Min', 'p.max AS Max', temporality];

/** Columns that the tables of the contrib exporter differ in, by name, type and table of facts. */
const views: readonly (readonly [
  name: string,
  type: string,
  facts: string,
  columns: readonly string[],
])[] = [
  ['otel_metrics_gauge', 'gauge', 'metric_samples', ['p.value AS Value', flags]],
  [
    'otel_metrics_sum',
    'sum',
    'metric_samples',
    ['p.value AS Value', flags, temporality, 's.monotonic AS IsMonotonic'],
  ],
  [
    'otel_metrics_histogram',
    'histogram',
    'metric_histograms',
    [...total, 'p.counts AS BucketCounts', 'p.bounds AS ExplicitBounds', ...limits],
  ],
  [
    'otel_metrics_exp_histogram',
    'exponential_histogram',
    'metric_histograms',
    [
      ...total,
      'p.scale AS Scale',
      'p.zero_count AS ZeroCount',
      'p.positive_offset AS PositiveOffset',
      'p.counts AS PositiveBucketCounts',
      'p.negative_offset AS NegativeOffset',
      'p.negative_counts AS NegativeBucketCounts',
      ...limits,
    ],
  ],
  [
    'otel_metrics_summary',
    'summary',
    'metric_histograms',
    [
      ...total,
      'p.bounds AS `ValueAtQuantiles.Quantile`',
      'p.quantile_values AS `ValueAtQuantiles.Value`',
      flags,
    ],
  ],
];

/**
 * `otel_metrics_...` as the contrib exporter's tables have them, for existing SQL and dashboards;
 * without exemplars, which `metric_exemplars` has. Where a table of such a name is in the database
 * it stays, and the view is not made.
 */
export function metricViews(options: SchemaOptions): string[] {
  const join = joinOf(options);
  const table = (name: string): string => tableName(options, name);
  const once = (name: string, columns: string): string =>
    `(SELECT ${columns} FROM ${table(name)} LIMIT 1 BY id)`;
  return views.map(
    ([name, type, facts, columns]) =>
      `CREATE VIEW IF NOT EXISTS ${table(name)}${onCluster(options)} AS
  SELECT mapConcat(r.attributes, r.attributes_other) AS ResourceAttributes,
    r.schema_url AS ResourceSchemaUrl, c.name AS ScopeName, c.version AS ScopeVersion,
    mapConcat(c.attributes, c.attributes_other) AS ScopeAttributes,
    c.dropped_attributes AS ScopeDroppedAttrCount, c.schema_url AS ScopeSchemaUrl,
    s.service AS ServiceName, s.name AS MetricName, s.description AS MetricDescription,
    s.unit AS MetricUnit, mapConcat(s.attributes, s.attributes_other) AS Attributes,
    p.start_time AS StartTimeUnix, p.time AS TimeUnix, ${columns.join(', ')}
  FROM (SELECT *${facts === 'metric_samples' ? ', value' : ''} FROM ${table(facts)} FINAL) AS p
  ${join}INNER JOIN (
    SELECT * FROM ${table('metric_series')} WHERE type = '${type}' LIMIT 1 BY id
  ) AS s
    ON s.id = p.series_id
  ${join}LEFT JOIN ${once('resources', 'id, attributes, attributes_other, schema_url')} AS r
    ON r.id = s.resource_id
  ${join}LEFT JOIN ${once(
    'scopes',
    'id, name, version, attributes, attributes_other, dropped_attributes, schema_url',
  )} AS c ON c.id = s.scope_id`,
  );
}
