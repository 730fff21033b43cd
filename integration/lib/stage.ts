/**
 * A network namespace for servers, their clients and tcpdump, with all files in one folder; and
 * tshark, which is the judge of what a capture holds.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stopProcess } from '../../testing/process.ts';

const namespaceName = `wirestitch-test-${process.pid}`;

/** Why no capture can be made on this machine, '' when it can. @param tools programs it takes */
export function stageObstacle(tools: readonly string[]): string {
  if (process.getuid?.() !== 0) return 'root is needed for a network namespace';
  const wanted = ['tshark', 'tcpdump', 'ip', ...tools];
  const absent = wanted.filter((t) => spawnSync('which', [t]).status !== 0);
  if (absent.length > 0) return `${absent.join(', ')} not installed`;
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

  /** Starts a server; it ends with the stage. */
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

  /** Whether a client ends well. */
  answers(...command: string[]): boolean {
    return spawnSync('ip', ['netns', 'exec', namespaceName, ...command]).status === 0;
  }

  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  async until(ready: () => boolean): Promise<void> {
    for (let i = 0; i < 1200; i++) {
      if (ready()) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('a server did not start');
  }

  /**
   * Captures while `talk` runs.
   * @param last text of the last exchange, which stands in it `times` times
   * @returns the path of the file
   */
  async capture(
    name: string,
    last: { readonly text: string; readonly times: number },
    talk: () => void | Promise<void>,
  ): Promise<string> {
    const path = join(this.folder, name);
    // Not in immediate mode: there a packet of any size takes 256 KiB of the buffer.
    const dump = this.spawn('tcpdump', '-i', 'lo', '-s', '0', '-B', '65536', '-U', '-w', path);
    await said(dump, /listening on/);
    await talk();
    // tcpdump drops what it has not yet read when it is stopped: wait for the last exchange.
    const written = (): string => (existsSync(path) ? readFileSync(path, 'latin1') : '');
    await this.until(() => written().split(last.text).length > last.times);
    const end = said(dump, /\d+ packets dropped by kernel/);
    await stopProcess(dump);
    assert.match(await end, /(^|\s)0 packets dropped by kernel/);
    return path;
  }

  async close(): Promise<void> {
    for (const child of this.#children.reverse()) await stopProcess(child);
    spawnSync('ip', ['netns', 'del', namespaceName]);
  }
}

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

/**
 * Fields of the packets that a filter selects.
 * @param settings of dissectors, NAME:VALUE
 * @param between several values of one field
 */
export function tsharkFields(
  capture: string,
  filter: string,
  fields: readonly string[],
  settings: readonly string[],
  between = ',',
): string[][] {
  const done = spawnSync(
    'tshark',
    [
      ...['-r', capture, '-Y', filter, '-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=a'],
      ...['-E', `aggregator=${between}`, '-o', 'tcp.relative_sequence_numbers:FALSE'],
      ...[...settings.flatMap((o) => ['-o', o]), ...fields.flatMap((f) => ['-e', f])],
    ],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  assert.equal(done.status, 0, done.stderr);
  return done.stdout
    .split('\n')
    .filter((l) => l !== '')
    .map((l) => l.split('\t'));
}
