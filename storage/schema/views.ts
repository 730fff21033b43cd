import { joinOf, onCluster, type SchemaOptions, tableName } from './table.ts';

const kindNames = "['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer']";
const statusNames = "['Unset', 'Ok', 'Error']";

/** All attributes as text, as the contrib table has them; one value stays of a duplicate key. */
const spanAttributes = [
  's.attributes_string',
  textValues('s.attributes_int', 'v'),
  textValues('s.attributes_float', 'v'),
  textValues('s.attributes_bool', 'v'),
  's.attributes_other',
].reduce((all, map) => `mapConcat(${all}, ${map})`);

function textValues(map: string, value: string): string {
  return `mapApply((k, ${value}) -> (k, toString(${value})), ${map})`;
}

const bothMaps = (strings: string, others: string): string =>
  `arrayMap((a, b) -> mapConcat(a, b), ${strings}, ${others})`;

/**
 * `otel_traces` as the contrib exporter's table has it, for existing SQL and dashboards. Filter on
 * Timestamp; TraceId is computed, so a look-up by it wants `trace_id = unhex(...)` on `spans`.
 */
export function tracesView(options: SchemaOptions): string {
  const join = joinOf(options);
  return `CREATE OR REPLACE VIEW ${tableName(options, 'otel_traces')}${onCluster(options)} AS
  SELECT s.time AS Timestamp, lower(hex(s.trace_id)) AS TraceId, lower(hex(s.span_id)) AS SpanId,
    if(s.parent_span_id = toFixedString('', 8), '', lower(hex(s.parent_span_id))) AS ParentSpanId,
    s.trace_state AS TraceState, s.name AS SpanName,
    ${kindNames}[s.kind + 1] AS SpanKind, s.service AS ServiceName,
    mapConcat(r.attributes, r.attributes_other) AS ResourceAttributes,
    c.name AS ScopeName, c.version AS ScopeVersion,
    ${spanAttributes} AS SpanAttributes,
    reinterpretAsUInt64(s.duration) AS Duration, ${statusNames}[s.status_code + 1] AS StatusCode,
    s.status_message AS StatusMessage,
    s.\`events.time\` AS \`Events.Timestamp\`, s.\`events.name\` AS \`Events.Name\`,
    ${bothMaps('s.`events.attributes`', 's.`events.attributes_other`')} AS \`Events.Attributes\`,
    arrayMap(id -> lower(hex(id)), s.\`links.trace_id\`) AS \`Links.TraceId\`,
    arrayMap(id -> lower(hex(id)), s.\`links.span_id\`) AS \`Links.SpanId\`,
    s.\`links.trace_state\` AS \`Links.TraceState\`,
    ${bothMaps('s.`links.attributes`', 's.`links.attributes_other`')} AS \`Links.Attributes\`
  FROM ${tableName(options, 'spans')} AS s
  ${join}LEFT ANY JOIN (SELECT id, attributes, attributes_other
    FROM ${tableName(options, 'resources')}) AS r
    ON r.id = s.resource_id
  ${join}LEFT ANY JOIN (SELECT id, name, version FROM ${tableName(options, 'scopes')}) AS c
    ON c.id = s.scope_id`;
}
