import assert from 'node:assert/strict';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createHttpClient, type HttpClientOptions } from './http-client.ts';
import { formatParam, quoteString, rowsOf, SqlError } from './sql.ts';

type Handler = (request: http.IncomingMessage, body: Buffer, answer: http.ServerResponse) => void;

async function clientOf(t: TestContext, handler: Handler, more: Partial<HttpClientOptions> = {}) {
  const server = http.createServer((request, answer) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => handler(request, Buffer.concat(chunks), answer));
  });
  const where = more.socketPath ?? 0;
  await new Promise<void>((resolve) => {
    server.listen(where, () => resolve());
  });
  const port = more.socketPath ? 80 : (server.address() as AddressInfo).port;
  const client = createHttpClient({ url: `http://127.0.0.1:${port}`, ...more });
  t.after(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });
  return client;
}

async function failure(promise: Promise<unknown>): Promise<SqlError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  assert.ok(error instanceof SqlError, `no SqlError but ${error}`);
  return error;
}

test('a query: statement in the body, parameters, settings and id in the URL', async (t) => {
  let seen: { url: URL; headers: http.IncomingHttpHeaders; body: string } | undefined;
  const client = await clientOf(
    t,
    (request, body, answer) => {
      const url = new URL(request.url!, 'http://x');
      seen = { url, headers: request.headers, body: body.toString() };
      answer.end('{"a":1}\n{"a":2}\n');
    },
    { username: 'u', password: 'p', database: 'd', settings: { max_threads: 1 } },
  );
  const rows = await rowsOf<{ a: number }>(client, 'SELECT {s:String}', {
    params: { s: "it's\n", list: ['a', "b'"] },
    queryId: 'id1',
  });
  assert.deepEqual(rows, [{ a: 1 }, { a: 2 }]);
  assert.equal(seen?.body, 'SELECT {s:String}');
  const { searchParams } = seen!.url;
  assert.equal(searchParams.get('param_s'), "it's\\n");
  assert.equal(searchParams.get('param_list'), "['a','b\\'']");
  assert.equal(searchParams.get('query_id'), 'id1');
  assert.equal(searchParams.get('max_threads'), '1');
  assert.equal(seen?.headers['x-clickhouse-user'], 'u');
  assert.equal(seen?.headers['x-clickhouse-key'], 'p');
  assert.equal(seen?.headers['x-clickhouse-database'], 'd');
  assert.equal(seen?.headers['x-clickhouse-format'], 'JSONEachRow');
});

test('an insert: data in the body, statement in the URL', async (t) => {
  let seen = '';
  const client = await clientOf(t, (request, body, answer) => {
    const sql = new URL(request.url!, 'http://x').searchParams.get('query');
    seen = `${sql}|${body}|${request.headers['content-length']}`;
    answer.end();
  });
  await client.insert('INSERT INTO t FORMAT Native', [Buffer.from('ab'), Buffer.from('c')]);
  assert.equal(seen, 'INSERT INTO t FORMAT Native|abc|3');
});

test('a refusal carries the code of ClickHouse and whether to try again', async (t) => {
  const refuse = (code: number, text: string): Handler => {
    return (_request, _body, answer) => {
      answer.writeHead(code === 516 ? 403 : 500, { 'x-clickhouse-exception-code': code });
      answer.end(`Code: ${code}. DB::Exception: ${text} (version 26.7)`);
    };
  };
  const check = async (code: number, text: string, retryable: boolean) => {
    const client = await clientOf(t, refuse(code, text));
    const error = await failure(client.command('X'));
    assert.deepEqual([error.code, error.retryable, error.outcome], [code, retryable, 'failed']);
    assert.match(error.message, new RegExp(text));
  };
  await check(62, 'Syntax error', false);
  await check(241, 'Memory limit', true);
  await check(252, 'Too many parts', true);
  await check(252, 'Too many partitions for single INSERT block', false);
});

test('an exception in the middle of an answer fails the stream', async (t) => {
  const text = 'Code: 241. DB::Exception: Memory limit. (MEMORY_LIMIT_EXCEEDED) (version 26.7.2)';
  const client = await clientOf(t, (_request, _body, answer) => {
    answer.writeHead(200, { 'x-clickhouse-exception-tag': 'abcdefgh' });
    answer.write('rows');
    answer.end(`\r\n__exception__\r\nabcdefgh\r\n${text}\n95 abcdefgh\r\n__exception__\r\n`);
  });
  const error = await failure(client.query('SELECT'));
  assert.equal(error.code, 241);
});

test('data that quotes an exception is data', async (t) => {
  const text = 'Code: 241. DB::Exception: Memory limit. (version 26.7.2) said the log';
  const client = await clientOf(t, (_request, _body, answer) => answer.end(text));
  assert.equal(Buffer.from(await client.query('SELECT')).toString(), text);
});

test('no server: certainly not run; a broken connection or silence: unknown', async (t) => {
  const gone = createHttpClient({ url: 'http://127.0.0.1:1' });
  const refused = await failure(gone.command('X'));
  assert.deepEqual([refused.retryable, refused.outcome], [true, 'failed']);

  const broken = await clientOf(t, (request) => request.socket.destroy());
  const lost = await failure(broken.command('X'));
  assert.deepEqual([lost.retryable, lost.outcome], [true, 'unknown']);

  const half = await clientOf(t, (request, _body, answer) => {
    answer.write('some');
    setImmediate(() => request.socket.destroy());
  });
  assert.equal((await failure(half.query('X'))).outcome, 'unknown');

  const silent = await clientOf(t, () => {});
  const late = await failure(silent.command('X', { timeoutMs: 50 }));
  assert.deepEqual([late.retryable, late.outcome], [true, 'unknown']);
  assert.match(late.message, /no answer in time/);

  const stop = new AbortController();
  const aborted = failure(silent.command('X', { signal: stop.signal }));
  stop.abort();
  assert.equal((await aborted).outcome, 'unknown');
});

test('a Unix socket', async (t) => {
  const socketPath = join(tmpdir(), `wirestitch-sql-${process.pid}.sock`);
  const client = await clientOf(t, (_request, _body, answer) => answer.end('ok'), { socketPath });
  assert.equal(Buffer.from(await client.query('SELECT 1')).toString(), 'ok');
});

test('a stream can be left early', async (t) => {
  const client = await clientOf(t, (_request, _body, answer) => {
    answer.write('first');
  });
  for await (const chunk of client.stream('SELECT')) {
    assert.equal(Buffer.from(chunk).toString(), 'first');
    break;
  }
});

test('literals', () => {
  assert.equal(quoteString("a'b\\c\n"), "'a\\'b\\\\c\\n'");
  assert.equal(formatParam([1, 'x', [2n, true]]), "[1,'x',[2,1]]");
  assert.equal(formatParam(-5n), '-5');
});
