import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stopProcess } from '../../testing/process.ts';
import { addressOf, inRoom, type Room } from './network.ts';

const apps = join(import.meta.dirname, 'apps');

/** A process of the demo. Its output is in `<name>.log` of the folder. */
export interface Service {
  readonly name: string;
  readonly process: ChildProcess;
}

/** Starts the uninstrumented services, each in its own network namespace, and ends them again. */
export class Services {
  readonly #folder: string;
  readonly #enter: readonly string[];
  readonly #started: Service[] = [];

  /**
   * @param folder for data, configuration and logs
   * @param enter command and arguments before those of each service: they run what follows
   */
  constructor(folder: string, enter: readonly string[]) {
    this.#folder = folder;
    this.#enter = enter;
    mkdirSync(folder, { recursive: true });
  }

  async start(): Promise<void> {
    await Promise.all([this.#dns(), this.#cache(), this.#database(), this.#price()]);
    await this.#stock();
    await this.#shop();
    await this.#edge();
  }

  async stop(): Promise<void> {
    for (const { process } of this.#started.toReversed()) {
      await stopProcess(process, 5_000);
    }
  }

  #spawn(name: Room, args: readonly string[]): ChildProcess {
    const [command = '', ...rest] = [...this.#enter, ...inRoom(name, args)];
    const log = createWriteStream(join(this.#folder, `${name}.log`));
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], cwd: this.#folder });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    this.#started.push({ name, process: child });
    return child;
  }

  /** Resolves when something accepts connections at `port` of the room. */
  async #listening(name: Room, port: number, child: ChildProcess): Promise<void> {
    const probe = `const s = require('node:net').connect(${port}, '${addressOf(name)}');
      s.on('connect', () => process.exit(0)); s.on('error', () => process.exit(1));`;
    const [command = '', ...rest] = inRoom(name, [process.execPath, '-e', probe]);
    for (let attempt = 0; attempt < 150; attempt += 1) {
      if (child.exitCode !== null) {
        throw new Error(`cannot start ${name}: see ${join(this.#folder, `${name}.log`)}`);
      }
      if (spawnSync(command, rest, { stdio: 'ignore' }).status === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`${name} does not listen on port ${port} after 30 s`);
  }

  async #dns(): Promise<void> {
    const address = `--address=/db.shop.test/${addressOf('database')}`;
    const own = [`--listen-address=${addressOf('dns')}`, '--bind-interfaces', '--no-resolv'];
    const rest = ['--no-hosts', '--conf-file=/dev/null', '--pid-file=', '--user=root'];
    const child = this.#spawn('dns', ['dnsmasq', '--keep-in-foreground', ...own, address, ...rest]);
    await this.#listening('dns', 53, child);
  }

  async #cache(): Promise<void> {
    const options = ['--bind', addressOf('cache'), '--protected-mode', 'no', '--save', ''];
    const child = this.#spawn('cache', ['redis-server', ...options]);
    await this.#listening('cache', 6379, child);
  }

  async #database(): Promise<void> {
    const data = join(this.#folder, 'mariadb');
    const install = [
      '--no-defaults',
      `--datadir=${data}`,
      '--user=root',
      '--auth-root-authentication-method=normal',
    ];
    const made = spawnSync('mariadb-install-db', install, { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`cannot make a MariaDB: ${made.stderr || made.stdout}`);
    const init = join(this.#folder, 'shop.sql');
    writeFileSync(
      init,
      `CREATE DATABASE IF NOT EXISTS shop;
CREATE TABLE IF NOT EXISTS shop.stock (item VARCHAR(40) PRIMARY KEY, amount INT);
REPLACE INTO shop.stock VALUES ('lamp', 7);
CREATE OR REPLACE USER 'root'@'%' IDENTIFIED BY '';
GRANT ALL ON shop.* TO 'root'@'%';
`,
    );
    const child = this.#spawn('database', [
      'mariadbd',
      '--no-defaults',
      `--datadir=${data}`,
      `--socket=${join(this.#folder, 'mariadb.sock')}`,
      `--pid-file=${join(this.#folder, 'mariadb.pid')}`,
      `--bind-address=${addressOf('database')}`,
      `--init-file=${init}`,
      '--user=root',
      '--skip-name-resolve',
      '--skip-log-bin',
      '--innodb-buffer-pool-size=16M',
    ]);
    await this.#listening('database', 3306, child);
  }

  async #price(): Promise<void> {
    const program = join(apps, 'Price.java');
    const options = ['-XX:+UseSerialGC', '-Xmx128m'];
    const addresses = [`${addressOf('price')}:8080`, `${addressOf('cache')}:6379`];
    const child = this.#spawn('price', ['java', ...options, program, ...addresses]);
    await this.#listening('price', 8080, child);
  }

  async #stock(): Promise<void> {
    const child = this.#spawn('stock', [
      '/usr/bin/python3',
      join(apps, 'stock.py'),
      `${addressOf('stock')}:8000`,
    ]);
    await this.#listening('stock', 8000, child);
  }

  async #shop(): Promise<void> {
    const addresses = [
      `${addressOf('shop')}:3000`,
      `${addressOf('stock')}:8000`,
      `${addressOf('price')}:8080`,
    ];
    const child = this.#spawn('shop', [process.execPath, join(apps, 'shop.mjs'), ...addresses]);
    await this.#listening('shop', 3000, child);
  }

  async #edge(): Promise<void> {
    const folder = join(this.#folder, 'nginx');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'nginx.conf');
    writeFileSync(
      file,
      `user root; worker_processes 2; daemon off;
pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  upstream shop { server ${addressOf('shop')}:3000; keepalive 16; }
  server {
    listen ${addressOf('edge')}:80;
    location / { proxy_pass http://shop; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`,
    );
    const child = this.#spawn('edge', ['nginx', '-p', folder, '-c', file]);
    await this.#listening('edge', 80, child);
  }
}
