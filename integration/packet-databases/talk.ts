import { type DatabaseStage, mariadbArguments } from './stage.ts';

/** Statements for the `mariadb` client, sent as text. */
function script(folder: DatabaseStage): string {
  const file = folder.file(
    'rows.txt',
    Array.from({ length: 2000 }, (_, i) => `row${i}\n`).join(''),
  );
  const lines = [
    'create database if not exists shop; use shop;',
    'create table if not exists items (id int auto_increment primary key, name varchar(64), price double);',
    'delimiter //',
    'create or replace procedure twice() begin select 1; select 2 as b; end//',
    'delimiter ;',
    `load data local infile '${file}' into table items (name);`,
  ];
  for (let i = 0; i < 60; i++) {
    lines.push(`insert into items (name, price) values ('n${i}', ${i}.5), ('it''s', -${i});`);
    lines.push(`select id, name from items where price > ${i} and name <> 'x${i}' limit ${i};`);
  }
  for (let i = 0; i < 5; i++) {
    lines.push('call twice();', 'select * from items;', 'selec wrong;', 'select * from nowhere;');
    lines.push(`insert into items (id, name) values (1, 'again');`);
    lines.push(
      `prepare p from 'select ? + 1'; set @a = ${i}; execute p using @a; deallocate prepare p;`,
    );
    lines.push('update items set price = price + 1 where id < 10;', 'show warnings;');
    lines.push(
      'explain select * from items;',
      'begin;',
      'delete from items where id = 5;',
      'rollback;',
    );
  }
  return lines.join('\n');
}

/** More than 300 exchanges: the `mariadb` client, and one that prepares statements. */
export function talkMysql(stage: DatabaseStage, compress: boolean): void {
  const more = compress ? ['--compress'] : [];
  stage.run(script(stage), 'mariadb', ...mariadbArguments, '-f', '--local-infile=1', ...more);
  stage.python('talk.py', ...(compress ? ['compress'] : []));
  stage.run("select 'thelastone'", 'mariadb', ...mariadbArguments);
}

/** Words as an array of bulk strings. */
function command(...words: string[]): string {
  return `*${words.length}\r\n${words.map((w) => `$${Buffer.byteLength(w)}\r\n${w}\r\n`).join('')}`;
}

/** Single commands in both versions of the protocol, pipelines of several depths, errors. */
export function talkRedis(stage: DatabaseStage): void {
  const lines = ['set greeting "hello world"', 'get greeting', 'incr greeting', 'nosuch command'];
  lines.push('hset h f v g w', 'hgetall h', 'lpush l a b c', 'lrange l 0 -1', 'select 3', 'get x');
  lines.push('multi', 'set a 1', 'incr a', 'exec', 'mset a 1 b 2', 'mget a b c', 'zadd z 1 m 2 n');
  lines.push('zrange z 0 -1 withscores', 'eval "return {1,{2,\'x\'},false}" 0', 'config get save');
  lines.push(
    'auth wrong',
    'object encoding a',
    'blpop none 0.05',
    'publish ch m',
    'ping',
    'select 0',
  );
  const text = `${lines.join('\n')}\n`.repeat(4);
  stage.run(text, 'redis-cli');
  stage.run(text, 'redis-cli', '-3');
  const big = 'b'.repeat(100_000);
  stage.run(big, 'redis-cli', '-x', 'set', 'big');
  stage.run('', 'redis-cli', 'get', 'big');
  const piped = Array.from({ length: 600 }, (_, i) =>
    command('SET', `piped${i}`, `v${i}`.repeat(i % 50)),
  );
  stage.run(piped.join(''), 'redis-cli', '--pipe');
  const tests = ['-t', 'set,get,incr,lpush,lrange_100,mset,ping_inline', '-q', '-c', '2'];
  stage.run('', 'redis-benchmark', ...tests, '-n', '160', '-P', '16', '-d', '200');
  stage.run('', 'redis-benchmark', ...tests, '-n', '60');
  stage.run('', 'redis-cli', 'echo', 'thelastone');
}
