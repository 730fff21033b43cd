/**
 * A MariaDB, a Redis, their clients and tcpdump in a network namespace of their own, with all files
 * in one folder.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Stage, stageObstacle, tsharkFields } from '../lib/stage.ts';

const tools = [
  ...['mariadbd', 'mariadb', 'mariadb-install-db', 'redis-server', 'redis-cli', 'redis-benchmark'],
];
const root = join(import.meta.dirname, '../..');
const python = join(root, '.cache/python/bin/python');

/** Why no capture can be made on this machine, '' when it can. */
export function databaseObstacle(): string {
  const obstacle = stageObstacle(tools);
  if (obstacle !== '') return obstacle;
  if (spawnSync(python, ['-c', 'import mysql.connector']).status !== 0) {
    return 'mysql-connector-python not installed in .cache/python';
  }
  return '';
}

/** The namespace, the databases and what else runs in it. */
export class DatabaseStage extends Stage {
  python(script: string, ...args: string[]): string {
    return this.run('', python, join(import.meta.dirname, script), ...args);
  }

  async startMariadb(): Promise<void> {
    const data = join(this.folder, 'data');
    const made = spawnSync(
      'mariadb-install-db',
      [
        ...['--no-defaults', `--datadir=${data}`, '--user=root', '--skip-test-db'],
        '--auth-root-authentication-method=normal',
      ],
      { encoding: 'utf8' },
    );
    assert.equal(made.status, 0, made.stderr);
    this.spawn(
      'mariadbd',
      ...['--no-defaults', `--datadir=${data}`, '--user=root', '--bind-address=127.0.0.1'],
      ...[`--socket=${this.folder}/s`, `--pid-file=${this.folder}/mariadb.pid`, '--local-infile=1'],
      ...['--port=3306', '--skip-log-bin', '--innodb-buffer-pool-size=16M', '--max-connections=20'],
    );
    await this.until(() => this.answers('mariadb', ...mariadbArguments, '-e', 'select 1'));
  }

  async startRedis(): Promise<void> {
    this.spawn('redis-server', '--port', '6379', '--bind', '127.0.0.1', '--dir', this.folder);
    await this.until(() => this.answers('redis-cli', 'ping'));
  }
}

/** Over TCP, without TLS. */
export const mariadbArguments = [
  ...['--no-defaults', '-h', '127.0.0.1', '-P', '3306', '-u', 'root', '--skip-ssl'],
];

/** Values of fields of the frames that a filter selects; several of one field are a list. */
export function tshark(capture: string, filter: string, fields: readonly string[]): string[][][] {
  return tsharkFields(capture, filter, fields, [], '\x1f').map((row) =>
    row.map((value) => (value === '' ? [] : value.split('\x1f'))),
  );
}
