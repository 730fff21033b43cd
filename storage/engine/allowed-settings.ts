/**
 * What of the engine's settings clients may change: in the URL, in SET, in SETTINGS and in ALTER.
 * Numbers and enumerations may be changed unless they are refused by name; text may name a file, a
 * host or a piece of SQL, so only the listed ones may.
 */

/** Types of system.settings and system.merge_tree_settings whose values are numbers or choices. */
const plainTypes =
  /^(Bool|U?Int\d+|NonZeroUInt64|Float|Double|Seconds|Milliseconds|MaxThreads|Char)(Auto)?$/;

const choices: ReadonlySet<string> = new Set([
  'AggregateFunctionInputFormat',
  'AlterColumnSecondaryIndexMode',
  'AlterUpdateMode',
  'ArrowCompression',
  'CleanDeletedRows',
  'DateTimeInputFormat',
  'DateTimeOutputFormat',
  'DateTimeOverflowBehavior',
  'DecorrelationJoinKind',
  'DeduplicateInsertMode',
  'DeduplicateInsertSelectMode',
  'DeduplicateMergeProjectionMode',
  'DistributedProductMode',
  'EscapingRule',
  'ExplainQueryPlanDefault',
  'GeoJSONUnsupportedGeometryHandling',
  'GeoToH3ArgumentOrder',
  'IdentifierQuotingRule',
  'IdentifierQuotingStyle',
  'InputFormatColumnMatchingCaseSensitivity',
  'JoinAlgorithm',
  'JoinOrderAlgorithm',
  'JoinStrictness',
  'LightweightDeleteMode',
  'LightweightMutationProjectionMode',
  'LoadBalancing',
  'LogQueriesType',
  'MergeSelectorAlgorithm',
  'MergeTreeDynamicSerializationVersion',
  'MergeTreeMapBucketsStrategy',
  'MergeTreeMapSerializationVersion',
  'MergeTreeNullableSerializationVersion',
  'MergeTreeObjectSerializationVersion',
  'MergeTreeObjectSharedDataSerializationVersion',
  'MergeTreePartMinMaxIndexColumns',
  'MergeTreeSerializationInfoVersion',
  'MergeTreeStringSerializationVersion',
  'MsgPackUUIDRepresentation',
  'MySQLDataTypesSupport',
  'ORCCompression',
  'OverflowMode',
  'OverflowModeGroupBy',
  'ParallelReplicasMode',
  'ParquetCompression',
  'ParquetVersion',
  'QueryResultCacheNondeterministicFunctionHandling',
  'QueryResultCacheSystemTableHandling',
  'SQLSecurityType',
  'SchemaInferenceMode',
  'SetOperationMode',
  'ShortCircuitFunctionEvaluation',
  'TextIndexPostingListApplyMode',
  'TextIndexPostingListCodec',
  'TotalsMode',
  'UpdateParallelMode',
  'VectorSearchFilterStrategy',
]);

/** Text that is only written, compared or parsed: no file, host, collection or SQL. */
const texts: ReadonlySet<string> = new Set([
  'auto_statistics_types',
  'bool_false_representation',
  'bool_true_representation',
  'column_names_for_schema_inference',
  'columns_to_prewarm_mark_cache',
  'count_distinct_implementation',
  'default_compression_codec',
  'exclude_materialize_skip_indexes_on_insert',
  'exclude_materialize_skip_indexes_on_merge',
  'force_data_skipping_indices',
  'force_optimize_projection_name',
  'format_csv_null_representation',
  'format_custom_field_delimiter',
  'format_custom_result_after_delimiter',
  'format_custom_result_before_delimiter',
  'format_custom_row_after_delimiter',
  'format_custom_row_before_delimiter',
  'format_custom_row_between_delimiter',
  'format_json_object_each_row_column_for_object_name',
  'format_regexp',
  'format_tsv_null_representation',
  'ignore_data_skipping_indices',
  'input_format_mysql_dump_table_name',
  'insert_deduplication_token',
  'log_comment',
  'marks_compression_codec',
  'network_compression_method',
  'output_format_avro_codec',
  'output_format_avro_string_column_pattern',
  'output_format_pretty_grid_charset',
  'output_format_sql_insert_table_name',
  'preferred_optimize_projection_name',
  'primary_key_compression_codec',
  'query_cache_tag',
  'schema_inference_hints',
  'session_timezone',
  'tags_to_columns',
]);

/**
 * Numbers and choices that open files or hosts, that change how a statement is parsed after it was
 * examined, or that lift the bounds of the engine.
 */
const refused =
  /^(s3_|s3queue|azure_|hdfs_|http_(?!make_head|response_b|write|headers_progress|zlib|native|wait)|engine_file|engine_url|storage_file|url_|remote_|cluster_for|object_storage|enable_url|allow_introspection|allow_named|allow_experimental_(ai|kusto|polyglot|prql)|allow_python|ai_|user_files|schema_inference_use_cache_for|filesystem_|enable_filesystem|temporary_files|dynamic_disk|table_disk$|search_orphaned|query_plan_|external_storage|mysql_|postgresql_|mongodb_|odbc_|jdbc_|kafka_|nats_|rabbitmq_|local_filesystem|min_bytes_to_use_mmap|iceberg_|delta_lake|distributed_|default_table_engine|default_temporary_table|default_database_engine|restore_|backup_|dialect$|polyglot|promql_|implicit_|allow_settings_after|into_outfile|readonly$|allow_ddl$|user_defined|webassembly|input_format_max_.*file|input_format_values_|max_server_|max_parser_|(max|min)_os_cpu|max_untracked|max_memory_usage_for|memory_overcommit|memory_usage_overcommit|memory_profiler|jemalloc|metrics_perf|send_logs|interval_output)/;

/** Types of the settings of engines and of refreshed views, which no system table lists. */
export const engineSettings: Readonly<Record<string, string>> = {
  aggregate_min_time_and_max_time: 'Bool',
  all_replicas: 'Bool',
  compress: 'Bool',
  filter_by_min_time_and_max_time: 'Bool',
  max_bytes_to_keep: 'UInt64',
  max_rows_to_keep: 'UInt64',
  min_bytes_to_keep: 'UInt64',
  min_rows_to_keep: 'UInt64',
  persistent: 'Bool',
  refresh_retries: 'Int64',
  refresh_retry_initial_backoff_ms: 'UInt64',
  refresh_retry_max_backoff_ms: 'UInt64',
  store_min_time_and_max_time: 'Bool',
  tags_to_columns: 'Map',
  use_all_tags_column_to_generate_id: 'Bool',
};

/**
 * Whether clients may change a setting.
 * @param name in lower case
 * @param type as system.settings names it
 */
export function settingAllowed(name: string, type: string): boolean {
  if (texts.has(name)) return true;
  if (refused.test(name)) return false;
  return plainTypes.test(type) || choices.has(type);
}
