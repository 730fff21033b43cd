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
  'showcertificate',
]);

/** aiGenerate and its kin call services over HTTP, naiveBayesClassifier reads models. */
export const refusedFunctionPattern =
  /^(ai_?(generate|classify|extract|translate|embed)|naivebayes)/;

/** Commands of ALTER by their names in the AST. */
export const alterCommands =
  /^(ADD|APPLY|ATTACH_PARTITION|CLEAR|COMMENT|DELETE|DROP|MATERIALIZE|MODIFY|REMOVE|RENAME|REPLACE|RESET|REWRITE|UPDATE)/;

/** Forms of SYSTEM. */
export const systemCommands =
  /^SYSTEM (FLUSH (LOGS|ASYNC INSERT QUEUE)|(START|STOP) ((TTL )?MERGES|MOVES)|(DROP|CLEAR) [A-Z ]*CACHE\b|RELOAD DICTIONAR|SYNC MERGES|WAIT VIEW|REFRESH VIEW|(START|STOP) VIEW)/;

/** Layouts of dictionaries, in lower case: all that keep their data in memory or have none. */
export const layouts: ReadonlySet<string> = new Set([
  'cache',
  'complex_key_cache',
  'complex_key_direct',
  'complex_key_hashed',
  'complex_key_hashed_array',
  'complex_key_range_hashed',
  'complex_key_sparse_hashed',
  'direct',
  'flat',
  'hashed',
  'hashed_array',
  'ip_trie',
  'polygon',
  'polygon_index_cell',
  'polygon_index_each',
  'polygon_simple',
  'range_hashed',
  'regexp_tree',
  'sparse_hashed',
]);
