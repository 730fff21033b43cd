/** What the benchmark asks of the engine by HTTP. */
import { sleep } from './process.ts';

/** Where the engine listens. */
export interface EngineAddress {
  readonly clickhouse: number;
  /** Password of user `default`. */
  readonly password: string;
}

/** Runs one statement. @returns the body of the answer; throws what the engine says against it */
export async function ask(address: EngineAddress, sql: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${address.clickhouse}/`, {
    method: 'POST',
    headers: { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': address.password },
    body: sql,
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`cannot run ${JSON.stringify(sql)}: ${text}`);
  return text.trim();
}

/** Waits until the engine has no merge left to do. */
export async function settleMerges(address: EngineAddress): Promise<void> {
  for (let calm = 0, i = 0; calm < 3 && i < 120; i += 1) {
    const merges = await ask(address, 'SELECT count() FROM system.merges');
    calm = merges === '0' ? calm + 1 : 0;
    await sleep(500);
  }
}

/** The statements that create the tables of a database as they are now. */
export async function tableStatements(address: EngineAddress, database: string): Promise<string[]> {
  const where = `database = '${database}' AND NOT startsWith(name, '.')`;
  // Views read tables: they come after them.
  const order = "endsWith(engine, 'View'), name";
  const names = await ask(
    address,
    `SELECT name FROM system.tables WHERE ${where} ORDER BY ${order} FORMAT TSV`,
  );
  const statements: string[] = [];
  for (const name of names.split('\n').filter(Boolean)) {
    const show = `SHOW CREATE TABLE \`${database}\`.\`${name}\` FORMAT TSVRaw`;
    statements.push(await ask(address, show));
  }
  return statements;
}

/** Creates a database with these tables. */
export async function createTables(
  address: EngineAddress,
  database: string,
  statements: readonly string[],
): Promise<void> {
  await ask(address, `CREATE DATABASE IF NOT EXISTS \`${database}\``);
  for (const statement of statements) await ask(address, statement);
}
