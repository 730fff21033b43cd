/** What clients may use. Everything reads and writes only the engine's own tables. */

/** Root nodes of EXPLAIN AST, and how their statements are run. */
export const statements: ReadonlyMap<string, 'select' | 'insert' | 'other'> = new Map([
  ['SelectWithUnionQuery', 'select'],
  ['InsertQuery', 'insert'],
  ...[
    'AlterQuery',
    'CheckQuery',
    'CreateIndexQuery',
    'CreateQuery',
    'DeleteQuery',
    'DescribeQuery',
    'DropIndexQuery',
    'DropQuery',
    'ExistsDatabaseQuery',
    'ExistsDictionaryQuery',
    'ExistsTableQuery',
    'ExistsViewQuery',
    'Explain',
    'KillQueryQuery',
    'OptimizeQuery',
    'Rename',
    'SYSTEM',
    'Set',
    'ShowColumns',
    'ShowCreateDatabaseQuery',
    'ShowCreateDictionaryQuery',
    'ShowCreateTableQuery',
    'ShowCreateViewQuery',
    'ShowEngineQuery',
    'ShowFunctions',
    'ShowIndexes',
    'ShowProcesslistQuery',
    'ShowSetting',
    'ShowTables',
    'TruncateQuery',
    'UndropQuery',
    'UpdateQuery',
    'UseQuery',
  ].map((name) => [name, 'other'] as const),
]);

/** Table functions, in lower case. */
export const tableFunctions: ReadonlySet<string> = new Set([
  'dictionary',
  'format',
  'fuzzjson',
  'generaterandom',
  'generateseries',
  'generate_series',
  'merge',
  'mergetreeanalyzeindexes',
  'mergetreeindex',
  'mergetreeprojection',
  'mergetreetextindex',
  'null',
  'numbers',
  'numbers_mt',
  'primes',
  'prometheusquery',
  'prometheusqueryrange',
  'sqlstandardvalues',
  'timeseriesdata',
  'timeseriesmetrics',
  'timeseriessamples',
  'timeseriesselector',
  'timeseriestags',
  'values',
  'view',
  'viewexplain',
  'viewifpermitted',
  'zeros',
  'zeros_mt',
]);

/** Table and database engines, in lower case. */
export const engines: ReadonlySet<string> = new Set([
  'mergetree',
  'aggregatingmergetree',
  'coalescingmergetree',
  'collapsingmergetree',
  'graphitemergetree',
  'replacingmergetree',
  'summingmergetree',
  'versionedcollapsingmergetree',
  'alias',
  'atomic',
  'buffer',
  'dictionary',
  'generaterandom',
  'join',
  'log',
  'materializedview',
  'memory',
  'merge',
  'null',
  'set',
  'stripelog',
  'timeseries',
  'tinylog',
  'view',
]);

/** Ordinary functions that reach outside, in lower case. */
export const refusedFunctions: ReadonlySet<string> = new Set([
  'file',
  'catboostevaluate',
  'hascolumnintable',
  'getclienthttpheader',
  'naivebayesclassifier',
  'showcertificate',
]);

/** aiGenerate and its kin call services over HTTP. */
export const refusedFunctionPattern = /^ai_?(generate|classify|extract|translate|embed)/;

/** Commands of ALTER by their names in the AST. */
export const alterCommands =
  /^(ADD|APPLY|ATTACH_PARTITION|CLEAR|COMMENT|DELETE|DROP|MATERIALIZE|MODIFY|REMOVE|RENAME|REPLACE|RESET|REWRITE|UPDATE)/;

/** Forms of SYSTEM. */
export const systemCommands =
  /^SYSTEM (FLUSH (LOGS|ASYNC INSERT QUEUE)|(START|STOP) ((TTL )?MERGES|MOVES)|(DROP|CLEAR) [A-Z ]*CACHE\b|RELOAD DICTIONAR|SYNC MERGES|WAIT VIEW|REFRESH VIEW|(START|STOP) VIEW)/;

/**
 * Settings that name files, hosts or SQL text, or that would lift the bounds of the engine;
 * refused in the URL, in SET and in SETTINGS.
 */
export const refusedSettings =
  /^(additional_|format_schema|format_template|format_avro_schema|format_protobuf|s3_|s3queue|azure_|hdfs_|http_(?!make_head|response|write|headers_progress|zlib|native)|engine_file|engine_url|storage_file|url_|remote_|cluster_for|object_storage|enable_url|allow_introspection|allow_named|allow_experimental_ai|ai_|user_files|schema_inference_use_cache_for|filesystem_cache|filesystem_prefetch|temporary_files|custom_|disk$|storage_policy$|workload$|query_plan_|external_storage|mysql_|postgresql_|mongodb_|odbc_|jdbc_|kafka_|nats_|rabbitmq_|local_filesystem|min_bytes_to_use_mmap|iceberg_|delta_lake|distributed_|default_table_engine|default_temporary_table|default_database_engine|restore_|backup_|dialect$|polyglot|promql_|readonly$|allow_ddl$|user_defined|input_format_max_.*file|input_format_values_|max_server_|interval_output)/;
