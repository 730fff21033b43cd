import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to one INSERT. */
export type Fate =
  | 'stored'
  /** Stored, and the connection breaks before the answer. */
  | 'stored, no answer'
  | 'lost, no answer'
  /** Half of the rows are stored, and the connection breaks. */
  | 'half stored, no answer'
  /** Stored, and answered only after this many milliseconds. */
  | { readonly storedAfterMs: number }
  /** Refused with this ClickHouse code, 0 = by a proxy with status 504; stored nevertheless, or not. */
  | { readonly code: number; readonly text?: string; readonly stored?: boolean };

export interface StoredInsert {
  readonly table: string;
  readonly queryId: string;
  readonly rows: number;
}

/**
 * ClickHouse's HTTP interface as far as the exporter uses it, with faults on demand. It keeps how
 * many rows each INSERT brought, by the batch that is part of the query id.
 */
export class FakeClickHouse {
  readonly inserts: StoredInsert[] = [];
  readonly statements: string[] = [];
  /** Settings in the URLs of the INSERTs, in the order in which they came. */
  readonly insertSettings: URLSearchParams[] = [];
  /** Decides about the INSERTs to come; without an entry they are stored. */
  readonly fates: Fate[] = [];
  /** Decides about INSERTs that `fates` says nothing of. */
  judge: (table: string) => Fate = () => 'stored';
  /** When an INSERT is looked at. */
  gate: (run: () => void) => void = (run) => run();
  /** Hears of the body of each INSERT that is stored whole. */
  stored: (table: string, body: Buffer) => void = () => {};
  /** Statements that are refused with code 497 (access denied). */
  denied: RegExp | undefined;
  /** Engines of tables. */
  engines: Readonly<Record<string, string>> = {};
  /** Setting `id_key`, 32 hex digits. */
  idKey = '00'.repeat(16);
  /** Answers to DESCRIBE TABLE: names and types. */
  columns: Readonly<Record<string, string>> = {};
  readonly #server = http.createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<string> {
    // A request that comes as an idle connection is closed would fail: none is closed.
    this.#server.keepAliveTimeout = 0;
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  rowsOf(table: string): number {
    return this.inserts.filter((one) => one.table === table).reduce((n, one) => n + one.rows, 0);
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url!, 'http://localhost');
    const query = url.searchParams.get('query');
    if (query === null && this.denied?.test(body.toString()) === true) {
      response.writeHead(403, { 'X-ClickHouse-Exception-Code': '497' });
      response.end('Code: 497. DB::Exception: Not enough privileges');
    } else if (query === null) response.end(this.#statement(body.toString()));
    else {
      const queryId = url.searchParams.get('query_id')!;
      this.insertSettings.push(url.searchParams);
      this.gate(() => this.#insert(query, queryId, body, response));
    }
  }

  #statement(sql: string): string {
    this.statements.push(sql);
    if (sql.startsWith('DESCRIBE')) {
      return Object.entries(this.columns)
        .map(([name, type]) => JSON.stringify({ name, type, default_type: '' }))
        .join('\n');
    }
    if (sql.startsWith('SELECT name, engine FROM system.tables')) {
      const asked = Object.entries(this.engines).filter(([name]) => sql.includes(`'${name}'`));
      return asked.map(([name, engine]) => JSON.stringify({ name, engine })).join('\n');
    }
    const count = /FROM `\w+`\.`(\w+)` WHERE batch = (\d+)/.exec(sql);
    if (count !== null && sql.startsWith('SELECT count()')) {
      return JSON.stringify({ rows: String(this.#rowsOfBatch(count[1]!, BigInt(count[2]!))) });
    }
    if (count !== null && sql.includes('DELETE')) return '';
    const removal =
      /ALTER TABLE `\w+`\.`(\w+?)(?:_local` ON CLUSTER `\w+)?` DELETE WHERE batch = (\d+)/.exec(
        sql,
      );
    if (removal !== null) this.#remove(removal[1]!, BigInt(removal[2]!));
    if (sql.includes("name = 'id_key'")) return JSON.stringify({ value: this.idKey });
    return sql.includes('max(version)') ? JSON.stringify({ version: 1 }) : '';
  }

  #ofBatch(one: StoredInsert, table: string, batch: bigint): boolean {
    return one.table === table && one.queryId.includes(batch.toString(16).padStart(16, '0'));
  }

  #rowsOfBatch(table: string, batch: bigint): number {
    const mine = this.inserts.filter((one) => this.#ofBatch(one, table, batch));
    return mine.reduce((n, one) => n + one.rows, 0);
  }

  #remove(table: string, batch: bigint): void {
    const kept = this.inserts.filter((one) => !this.#ofBatch(one, table, batch));
    this.inserts.splice(0, this.inserts.length, ...kept);
  }

  #store(insert: StoredInsert, body: Buffer): void {
    this.inserts.push(insert);
    this.stored(insert.table, body);
  }

  #insert(query: string, queryId: string, body: Buffer, response: http.ServerResponse): void {
    const table = /INSERT INTO `\w+`\.`(\w+)`/.exec(query)![1]!;
    const rows = rowsInNative(body);
    const fate = this.fates.shift() ?? this.judge(table);
    if (typeof fate === 'object' && 'storedAfterMs' in fate) {
      setTimeout(() => {
        this.#store({ table, queryId, rows }, body);
        response.end();
      }, fate.storedAfterMs);
      return;
    }
    if (typeof fate === 'object') {
      if (fate.stored === true) this.#store({ table, queryId, rows }, body);
      if (fate.code === 0) {
        response.writeHead(504).end('gateway time-out');
        return;
      }
      response.writeHead(500, { 'X-ClickHouse-Exception-Code': String(fate.code) });
      response.end(`Code: ${fate.code}. DB::Exception: ${fate.text ?? 'refused'}`);
      return;
    }
    if (fate === 'stored' || fate === 'stored, no answer') {
      this.#store({ table, queryId, rows }, body);
    }
    if (fate === 'half stored, no answer') {
      this.inserts.push({ table, queryId, rows: rows >> 1 });
    }
    if (fate === 'stored') response.end();
    else response.destroy();
  }
}

/** The number of rows of an uncompressed Native block. */
function rowsInNative(body: Buffer): number {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = body[at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  varint();
  return varint();
}
