import { createRequire } from 'node:module';

/** What this folder uses of the npm package chdb. */
export interface ChdbSession {
  queryAsync(
    sql: string,
    options: { format: string },
  ): Promise<{ bytes(): Uint8Array; readonly elapsed: number; readonly rowsRead: number }>;
  close(): void;
}

/** What is used of module `chdb`; it is loaded in the engine's process only. */
export interface Chdb {
  readonly Session: new (
    path: string,
    options: { connectionArgs: readonly string[] },
  ) => ChdbSession;
}

/** Loads the engine (566 MB mapped; 70 ms). Throws when the package is absent. */
export function loadChdb(): Chdb {
  return createRequire(import.meta.url)('chdb') as Chdb;
}

/** What the engine may use of the machine. */
export interface Bounds {
  /** Most memory of queries, merges and caches together. */
  readonly memoryBytes: number;
  /** Threads of one query. */
  readonly threads: number;
}

/** VALUES takes literals only: an expression in data is SQL that the guard does not see. */
const literalValues = {
  input_format_values_interpret_expressions: '0',
  input_format_values_deduce_templates_of_expressions: '0',
};

/** What lets VALUES take expressions, for data that the guard has seen. */
export const expressionValues: ReadonlyMap<string, string> = new Map(
  Object.keys(literalValues).map((name) => [name, '1']),
);

/** Settings that queries start from; a client's change is undone to these. */
export function baseSettings(bounds: Bounds): Record<string, string> {
  return {
    max_memory_usage: String(Math.floor(bounds.memoryBytes * 0.6)),
    max_threads: String(bounds.threads),
    // The default gives a second thread only where gigabytes are free, never the case here.
    max_threads_min_free_memory_per_thread: '0',
    max_insert_threads: '1',
    allow_introspection_functions: '0',
    storage_file_read_method: 'read',
    output_format_parallel_formatting: '0',
    input_format_parallel_parsing: '0',
    ...literalValues,
    max_bytes_before_external_group_by: String(Math.floor(bounds.memoryBytes * 0.3)),
    max_bytes_before_external_sort: String(Math.floor(bounds.memoryBytes * 0.3)),
  };
}

/**
 * The engine's server configuration. Caches are a fixed share of the memory bound: ClickHouse's
 * own defaults (5 GB of marks, 90 % of the host) are for a machine of its own.
 */
export function serverConfig(bounds: Bounds): string {
  const share = (part: number) => Math.max(8 << 20, Math.floor(bounds.memoryBytes * part));
  const values: Record<string, number | string> = {
    max_server_memory_usage: bounds.memoryBytes,
    mark_cache_size: share(0.06),
    index_mark_cache_size: share(0.02),
    primary_index_cache_size: share(0.04),
    uncompressed_cache_size: 0,
    query_condition_cache_size: share(0.01),
    compiled_expression_cache_size: 32 << 20,
    mmap_cache_size: 0,
    background_pool_size: Math.max(2, bounds.threads),
    background_schedule_pool_size: 4,
    background_move_pool_size: 1,
    background_fetches_pool_size: 1,
    background_common_pool_size: 2,
    background_buffer_flush_schedule_pool_size: 1,
    max_thread_pool_size: 1000,
    custom_local_disks_base_directory: '/nonexistent/',
  };
  const lines = Object.entries(values).map(([key, value]) => `  <${key}>${value}</${key}>`);
  return `<clickhouse>\n${lines.join('\n')}\n</clickhouse>\n`;
}
