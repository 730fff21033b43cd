import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { obfuscateSql } from './obfuscate.ts';
import { errorText, SqlText } from './text.ts';
import { traceOfSql } from './trace.ts';

test('literals become ?', () => {
  const f = (sql: string, want: string) => assert.equal(obfuscateSql(sql), want, sql);
  f('select a from t where b = 1', 'select a from t where b = ?');
  f("a='x' and b=\"y\" and c='it''s' and d='it\\'s'", 'a=? and b=? and c=? and d=?');
  f('1.5e-3 + .5 - 0xFFab * 1e+7', '? + ? - ? * ?');
  f("x'4D' b'01' N'n' _utf8mb4'z' X'00'", '?');
  f("'a' 'b'", '?');
  f('t1.c2 = `a 1`.`b` + t.1', 't1.c2 = `a 1`.`b` + t.1'.replace('t.1', 't.?'));
  f('a in (1, 2,3) or b IN(?) or c in (select 1)', 'a in (?) or b IN(?) or c in (select ?)');
  f("values (1,'x'), (2,NULL), (3, default)", 'values (?,?), ...');
  f('select  1 -- secret\n, 2 # secret\n, 3 /* secret */', 'select ? , ? , ?');
  f('/*!40101 SET x=1 */ select /*+ MAX_EXECUTION_TIME(10) */ 2', '/*!40101 SET x=? */ select ?');
  f("insert into t values ('cut in the mid", 'insert into t values (?');
  f("a='unclosed \\", 'a=?');
  f('@v := 5, @@version', '@v := ?, @@version');
  f('naïve = 1', 'naïve = ?');
  f("a -- traceparent='00-x'", 'a');
  const parent = "traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'";
  f(`select 1 /*controller='a',${parent}*/`, `select ? /*${parent}*/`);
});

test('no literal shows, wherever a statement is cut', () => {
  const secret = fc.stringMatching(/^zq[a-z0-9]{1,10}$/);
  const literal = secret.chain((s) =>
    fc.constantFrom(`'${s}'`, `"${s}"`, `'''${s}'`, `'\\'${s}'`, `'-- ${s}'`, `'/*${s}*/'`),
  );
  const plain = fc.constantFrom(
    'select a from b where c =',
    ' and ',
    '(',
    ')',
    ',',
    '--',
    '-- x\n',
  );
  // With spaces around: `*/*/` would begin a comment, which ends in the next literal.
  const more = fc.constantFrom('/* x */', '# y\n', '`n`', '/*! ', ' */ ', ' 12 ', "''", ' \\ ');
  const parts = fc.array(fc.oneof(plain, more, literal), { maxLength: 12 });
  fc.assert(
    fc.property(parts, fc.nat(200), (list, cut) => {
      const sql = list.join('').slice(0, cut);
      assert.doesNotMatch(obfuscateSql(sql), /zq/, sql);
    }),
    { numRuns: 1000 },
  );
});

test('random text never throws and gets no longer than it may', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300, unit: 'binary' }), (sql) => {
      const text = new SqlText(sql, false);
      assert.ok(text.obfuscated.length <= sql.length * 3 + 8);
      assert.ok(text.summary.summary.length <= 255);
      traceOfSql(sql);
    }),
    { numRuns: 500 },
  );
});

test('what a statement does', () => {
  const f = (sql: string, operation: string, collection: string, summary: string) => {
    const s = new SqlText(sql, false).summary;
    assert.deepEqual([s.operation, s.collection, s.summary], [operation, collection, summary], sql);
  };
  f('select * from orders where id = 1', 'SELECT', 'orders', 'SELECT orders');
  f('SELECT a FROM x JOIN `y` ON 1 LEFT JOIN z', 'SELECT', '', 'SELECT x y z');
  f('select 1 from a, b as c, d', 'SELECT', '', 'SELECT a b d');
  f('insert ignore into t(a) values (1)', 'INSERT', 't', 'INSERT t');
  f('insert t select * from o', 'INSERT', '', 'INSERT t SELECT o');
  f('update low_priority s.t set a=1', 'UPDATE', 's.t', 'UPDATE s.t');
  f('delete from t', 'DELETE', 't', 'DELETE t');
  f('create table if not exists t (a int)', 'CREATE TABLE', 't', 'CREATE TABLE t');
  f('drop database d', 'DROP DATABASE', '', 'DROP DATABASE d');
  f('use d', 'USE', '', 'USE d');
  f("create user 'a' identified by 'b'", 'CREATE USER', '', 'CREATE USER');
  f('begin; update t set a=1; commit', 'BEGIN', 't', 'BEGIN UPDATE t COMMIT');
  f('load data local infile 1 into table t', 'LOAD', 't', 'LOAD t');
  f('with c as (select 1 from z) select * from c', 'SELECT', '', 'SELECT z SELECT c');
  f('secret words', '', '', '');
});

test('a trace context in a comment, and only there', () => {
  const id = '0af7651916cd43dd8448eb211c80319c';
  const parent = `traceparent='00-${id}-b7ad6b7169203331-01'`;
  const f = (sql: string) => traceOfSql(sql)?.traceId;
  assert.equal(f(`select 1 /*${parent}*/`), id);
  assert.equal(f(`/*a='b',${parent},z='%27'*/ select 1`), id);
  assert.equal(traceOfSql(`/*${parent},tracestate='a%3Db'*/`)?.traceState, 'a=b');
  assert.equal(f(`select '/*${parent.replaceAll("'", "''")}*/'`), undefined);
  assert.equal(f(`select "/*${parent}*/"`), undefined);
  assert.equal(f(`select 1 -- ${parent}`), undefined);
  assert.equal(f("/*traceparent='00-zz'*/ select 1"), undefined);
});

test('passwords are hidden in any case', () => {
  const text = new SqlText("create user 'u' identified by 'hunter2'", false);
  assert.equal(text.text(false), 'create user ? identified by ?');
  assert.equal(new SqlText("select 'a'", false).text(false), "select 'a'");
});

test('errors show no value', () => {
  assert.equal(errorText("Duplicate entry 'x' for key 'k'", true, false), 'Duplicate entry ?');
  assert.equal(errorText("Table 'd.t' doesn't exist", true, true), "Table 'd.t' doesn't exist");
  assert.equal(errorText("Duplicate entry 'x'", false, false), "Duplicate entry 'x'");
  assert.equal(errorText('Deadlock found', true, false), 'Deadlock found');
});
