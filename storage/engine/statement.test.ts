import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lex } from './lexer.ts';
import {
  findFormat,
  insertFrom,
  killedQueryId,
  parametersOf,
  selectInto,
  splitStatement,
} from './statement.ts';

function cut(text: string): [string, string | undefined] {
  const { head, dataAt } = splitStatement(text);
  return [head, dataAt === undefined ? undefined : text.slice(dataAt)];
}

test('the data of an INSERT starts after VALUES or FORMAT', () => {
  const f = (text: string, head: string, data: string | undefined) =>
    assert.deepEqual(cut(text), [head, data]);
  f('INSERT INTO t VALUES (1)', 'INSERT INTO t VALUES', ' (1)');
  f('insert into t format TSV\n1\n', 'insert into t format TSV', '1\n');
  f('INSERT INTO t FORMAT CSV 1', 'INSERT INTO t FORMAT CSV', '1');
  f('INSERT INTO t (values) VALUES (1)', 'INSERT INTO t (values) VALUES', ' (1)');
  f(
    '/* VALUES */ INSERT INTO t FORMAT Values (1)',
    '/* VALUES */ INSERT INTO t FORMAT Values',
    '(1)',
  );
  f(
    "INSERT INTO t SELECT 1 FROM values('a', 1)",
    "INSERT INTO t SELECT 1 FROM values('a', 1)",
    undefined,
  );
  f('SELECT 1;', 'SELECT 1', undefined);
  f("SELECT ';';;", "SELECT ';'", undefined);
  f(
    'INSERT INTO t FORMAT JSONEachRow {"a": "\'"}',
    'INSERT INTO t FORMAT JSONEachRow',
    '{"a": "\'"}',
  );
});

test('a second statement and an open quote are syntax errors', () => {
  for (const bad of ['SELECT 1; SELECT 2', "SELECT 'a"]) {
    assert.throws(() => splitStatement(bad), { code: 62 }, bad);
  }
});

test('rows go to a file before FORMAT', () => {
  assert.equal(selectInto('SELECT 1', "'f'", 'CSV'), "SELECT 1 INTO OUTFILE 'f' APPEND FORMAT CSV");
  assert.equal(
    selectInto('SELECT 1 FORMAT JSON SETTINGS a = 1', "'f'", 'CSV'),
    "SELECT 1 INTO OUTFILE 'f' APPEND FORMAT JSON SETTINGS a = 1",
  );
  assert.equal(findFormat([...lex("SELECT 'FORMAT JSON' AS x")]), undefined);
});

test('the data of an INSERT comes from a file', () => {
  assert.equal(
    insertFrom('INSERT INTO t (a) SETTINGS x = 1 FORMAT TSV', "'f'"),
    "INSERT INTO t (a) FROM INFILE 'f' COMPRESSION 'none' SETTINGS x = 1 FORMAT TSV",
  );
});

test('parameters and the id of KILL QUERY', () => {
  assert.deepEqual(parametersOf([...lex("SELECT {a:UInt8}, '{b:X}', {c:Map(String, UInt8)}")]), [
    'a',
    'c',
  ]);
  const id = (sql: string) => killedQueryId([...lex(sql)]);
  assert.equal(id("KILL QUERY WHERE query_id = 'x''y' SYNC"), "x'y");
  assert.equal(id("KILL QUERY WHERE (query_id = 'x') ASYNC"), 'x');
  assert.equal(id("KILL QUERY WHERE user = 'x'"), undefined);
  assert.equal(id("KILL QUERY WHERE query_id = 'x' OR 1"), undefined);
});
