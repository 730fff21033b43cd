/**
 * A MariaDB, a Redis, their clients and tcpdump in a network namespace of their own, with all files
 * in one folder.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const tools = [
  ...['tshark', 'tcpdump', 'ip', 'mariadbd', 'mariadb', 'mariadb-install-db'],
  ...['redis-server', 'redis-cli', 'redis-benchmark'],
];
const root = join(import.meta.dirname, '../..');
const python = join(root, '.cache/python/bin/python');
const namespaceName = `wirestitch-db-${process.pid}`;

/** Why no capture can be made on this machine, '' when it can. */
export function databaseObstacle(): string {
  if (process.getuid?.() !== 0) return 'root is needed for a network namespace';
  const absent = tools.filter((t) => spawnSync('which', [t]).status !== 0);
  if (absent.length > 0) return `${absent.join(', ')} not installed`;
  if (spawnSync(python, ['-c', 'import mysql.connector']).status !== 0) {
    return 'mysql-connector-python not installed in .cache/python';
  }
  const probe = spawnSync('ip', ['netns', 'add', namespaceName]);
  if (probe.status !== 0) return `cannot make a network namespace: ${probe.stderr}`;
  spawnSync('ip', ['netns', 'del', namespaceName]);
  return '';
}

/** The namespace and what runs in it. */
export class Stage {
  readonly folder: string;
  readonly #children: ChildProcess[] = [];

  constructor(folder: string) {
    this.folder = folder;
    const made = spawnSync('ip', ['netns', 'add', namespaceName], { encoding: 'utf8' });
    assert.equal(made.status, 0, made.stderr);
    spawnSync('ip', ['-n', namespaceName, 'link', 'set', 'lo', 'up']);
  }

  spawn(command: string, ...args: string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', namespaceName, command, ...args], {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    this.#children.push(child);
    return child;
  }

  /** Runs a client to its end. @returns what it wrote */
  run(input: string, command: string, ...args: string[]): string {
    const done = spawnSync('ip', ['netns', 'exec', namespaceName, command, ...args], {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    assert.equal(done.status, 0, `${command} ${args.join(' ')}: ${done.stderr}`);
    return done.stdout;
  }

  python(script: string, ...args: string[]): string {
    return this.run('', python, join(import.meta.dirname, script), ...args);
  }

  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
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
    await this.until(() => this.#answers('mariadb', ...mariadbArguments, '-e', 'select 1'));
  }

  async startRedis(): Promise<void> {
    this.spawn('redis-server', '--port', '6379', '--bind', '127.0.0.1', '--dir', this.folder);
    await this.until(() => this.#answers('redis-cli', 'ping'));
  }

  /** Captures while `talk` runs. @returns the path of the file */
  async capture(name: string, last: string, talk: () => void): Promise<string> {
    const path = join(this.folder, name);
    // Not in immediate mode: there a packet of any size takes 256 KiB of the buffer.
    const dump = this.spawn('tcpdump', '-i', 'lo', '-s', '0', '-B', '65536', '-U', '-w', path);
    await said(dump, /listening on/);
    talk();
    // tcpdump drops what it has not yet read when it is stopped: wait for the last exchange.
    await this.until(() => existsSync(path) && readFileSync(path, 'latin1').includes(last));
    const end = said(dump, /\d+ packets dropped by kernel/);
    await stop(dump);
    assert.match(await end, /(^|\s)0 packets dropped by kernel/);
    return path;
  }

  async close(): Promise<void> {
    for (const child of this.#children.reverse()) await stop(child);
    spawnSync('ip', ['netns', 'del', namespaceName]);
  }

  #answers(...command: string[]): boolean {
    return spawnSync('ip', ['netns', 'exec', namespaceName, ...command]).status === 0;
  }

  async until(ready: () => boolean): Promise<void> {
    for (let i = 0; i < 1200; i++) {
      if (ready()) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('a server did not start');
  }
}

/** Over TCP, without TLS. */
export const mariadbArguments = [
  ...['--no-defaults', '-h', '127.0.0.1', '-P', '3306', '-u', 'root', '--skip-ssl'],
];

function said(child: ChildProcess, what: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (what.test(text)) resolve(text);
    });
    child.once('close', () => reject(new Error(`ended: ${text}`)));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** Values of fields of the frames that a filter selects; several of one field are a list. */
export function tshark(capture: string, filter: string, fields: readonly string[]): string[][][] {
  const done = spawnSync(
    'tshark',
    [
      ...['-r', capture, '-Y', filter, '-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a'],
      ...['-E', 'aggregator=\x1f', '-o', 'tcp.relative_sequence_numbers:FALSE'],
      ...fields.flatMap((f) => ['-e', f]),
    ],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  assert.equal(done.status, 0, done.stderr);
  return done.stdout
    .split('\n')
    .filter((l) => l !== '')
    .map((l) => l.split('\t').map((value) => (value === '' ? [] : value.split('\x1f'))));
}
