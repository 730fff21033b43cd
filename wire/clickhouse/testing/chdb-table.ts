import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Block } from '../block.ts';

interface Session {
  query(sql: string, format?: string): string;
}

/** An in-process ClickHouse in a directory of its own, for tests. */
export class TestDatabase {
  readonly #directory = mkdtempSync(join(tmpdir(), 'wirestitch-'));
  readonly #session: Session;

  constructor() {
    const { Session } = createRequire(import.meta.url)('chdb') as {
      Session: new (path: string) => Session;
    };
    this.#session = new Session(join(this.#directory, 'data'));
  }

  run(sql: string): string {
    return this.#session.query(sql, 'TSVRaw');
  }

  /** Inserts a block as the exporter does. */
  insert(database: string, block: Block, settings = ''): void {
    const file = join(this.#directory, 'block.native');
    writeFileSync(file, block.body);
    const columns = block.columns.map((column) => `\`${column}\``).join(', ');
    const into = `\`${database}\`.\`${block.table}\` (${columns})`;
    this.run(`INSERT INTO ${into} FROM INFILE '${file}' ${settings} FORMAT Native`);
  }

  /** Rows as objects; 64-bit integers are strings. */
  rows(sql: string): Record<string, unknown>[] {
    const settings =
      'max_threads=1, output_format_json_quote_64bit_integers=1, output_format_json_quote_denormals=1';
    const text = this.#session.query(`${sql} SETTINGS ${settings}`, 'JSONEachRow');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
