/**
 * Runs statements in chdb with no guard before them: what stops them is the confinement of the
 * process alone. Takes {path, statements} as JSON on standard input, gives [ok, text][] back.
 */
import { readFileSync } from 'node:fs';
import { loadChdb } from '../chdb.ts';

const { path, statements } = JSON.parse(readFileSync(0, 'utf8')) as {
  path: string;
  statements: string[];
};
const chdb = loadChdb();
const session = new chdb.Session(path, { connectionArgs: [] });
const out: [boolean, string][] = [];
for (const sql of statements) {
  try {
    const result = await session.queryAsync(sql, { format: 'TSV' });
    out.push([true, Buffer.from(result.bytes()).toString()]);
  } catch (error) {
    out.push([false, (error as Error).message]);
  }
}
process.stdout.write(`@answers ${JSON.stringify(out)}\n`, () => process.exit(0));
