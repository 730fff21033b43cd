import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type QueryOptions, type SqlClient, SqlError, type SqlOptions } from '../../sql.ts';

export interface TestDatabase {
  readonly client: SqlClient;
  /** Closes the engine and removes its files. */
  close(): Promise<void>;
}

/**
 * The engine inside the test's own process, over a directory of its own: no HTTP, no guard.
 * @param config text of a configuration file of ClickHouse
 */
export async function openTestDatabase(config?: string): Promise<TestDatabase> {
  const { Session } = await import('chdb');
  const path = mkdtempSync(join(tmpdir(), 'wirestitch-schema-'));
  const configFile = join(path, 'config.xml');
  if (config !== undefined) writeFileSync(configFile, config);
  const connectionArgs = config === undefined ? [] : [`--config-file=${configFile}`];
  const session = new Session(join(path, 'data'), { connectionArgs });
  /** One session runs one statement at a time, and settings stay until they are set back. */
  let last: Promise<unknown> = Promise.resolve();

  async function runNow(sql: string, options: QueryOptions): Promise<Uint8Array> {
    const settings = Object.entries(options.settings ?? {}).filter(([n]) => !n.startsWith('wait_'));
    const list = settings.map(([name, value]) => `${name} = ${quote(value)}`).join(', ');
    try {
      if (list !== '') await session.queryAsync(`SET ${list}`);
      const format = options.format ?? 'RowBinary';
      const result = options.params
        ? await session.queryBindAsync(sql, { ...options.params }, { format })
        : await session.queryAsync(sql, { format });
      return result.bytes();
    } catch (error) {
      throw sqlError(error);
    } finally {
      const names = settings.map(([name]) => `${name} = DEFAULT`).join(', ');
      if (names !== '') await session.queryAsync(`SET ${names}`);
    }
  }

  function run(sql: string, options: QueryOptions = {}): Promise<Uint8Array> {
    const next = last.then(() => runNow(sql, options));
    last = next.catch(() => {});
    return next;
  }

  const client: SqlClient = {
    query: run,
    async *stream(sql, options) {
      yield await run(sql, options);
    },
    async command(sql, options) {
      await run(sql, options);
    },
    async insert(sql, body, options?: SqlOptions) {
      const file = join(path, 'insert.bin');
      writeFileSync(file, Buffer.concat(body));
      await run(sql.replace(/ FORMAT /, ` FROM INFILE '${file}' FORMAT `), options);
    },
    close: async () => {},
  };
  return {
    client,
    async close() {
      await last;
      session.close();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function quote(value: string | number): string {
  return typeof value === 'number' ? String(value) : `'${value}'`;
}

function sqlError(error: unknown): SqlError {
  const message = error instanceof Error ? error.message : String(error);
  const code = Number(/Code: (\d+)\./.exec(message)?.[1] ?? 0);
  return new SqlError(message, { code, retryable: false, outcome: 'failed', queryId: '' });
}
