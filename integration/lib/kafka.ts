/** A Kafka broker of the test's own: one node, KRaft, plain text on loopback. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../testing/ports.ts';
import { stopProcess } from '../../testing/process.ts';
import { until } from '../../testing/until.ts';

const libs = join(import.meta.dirname, '../../.cache/kafka/libs');
const classpath = `${libs}/*`;
const clusterId = 'MkU3OEVBNTcwNTJENDM2Qg';

/** Why no broker can be started, '' when one can. */
export function kafkaObstacle(): string {
  if (!existsSync(join(libs, '../.pom')))
    return 'no Kafka broker below .cache/kafka (npm test fetches it)';
  return spawnSync('java', ['-version']).status === 0 ? '' : 'no java';
}

export class KafkaBroker {
  /** host:port of clients. */
  readonly address: string;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #log = '';

  private constructor(address: string, folder: string) {
    this.address = address;
    this.#folder = folder;
  }

  /**
   * @param settings more lines of server.properties
   * @param protocol that clients speak, as Kafka calls it
   */
  static async start(
    settings: readonly string[] = [],
    protocol: 'PLAINTEXT' | 'SASL_SSL' = 'PLAINTEXT',
  ): Promise<KafkaBroker> {
    const folder = mkdtempSync(join(tmpdir(), 'wirestitch-kafka-'));
    const [port, controller] = (await freePorts(2)) as [number, number];
    const broker = new KafkaBroker(`127.0.0.1:${port}`, folder);
    const properties = [
      'process.roles=broker,controller',
      'node.id=1',
      `controller.quorum.voters=1@127.0.0.1:${controller}`,
      `listeners=${protocol}://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
      `advertised.listeners=${protocol}://127.0.0.1:${port}`,
      `inter.broker.listener.name=${protocol}`,
      `listener.security.protocol.map=CONTROLLER:PLAINTEXT,${protocol}:${protocol}`,
      'controller.listener.names=CONTROLLER',
      `log.dirs=${folder}/data`,
      'offsets.topic.replication.factor=1',
      'transaction.state.log.replication.factor=1',
      'transaction.state.log.min.isr=1',
      'group.initial.rebalance.delay.ms=0',
      ...settings,
    ];
    writeFileSync(broker.#properties, `${properties.join('\n')}\n`);
    const format = ['-cp', classpath, 'kafka.tools.StorageTool', 'format', '-t', clusterId];
    const formatted = spawnSync('java', [...format, '-c', broker.#properties], {
      encoding: 'utf8',
    });
    if (formatted.status !== 0) throw new Error(`cannot format: ${formatted.stderr}`);
    await broker.run();
    return broker;
  }

  get #properties(): string {
    return join(this.#folder, 'server.properties');
  }

  /** Starts it, for the first time or again with what it has. */
  async run(): Promise<void> {
    this.#log = '';
    const args = ['-Xmx256m', '-cp', classpath, 'kafka.Kafka', this.#properties];
    const child = spawn('java', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const keep = (chunk: Buffer): void => {
      this.#log = (this.#log + chunk.toString()).slice(-65_536);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    let ended = false;
    child.once('exit', () => {
      ended = true;
    });
    await until(() => ended || this.#log.includes('Kafka Server started'), 'the broker starts');
    if (ended) throw new Error(`the broker ended:\n${this.#log}`);
  }

  /** Stops it; what it stored stays until `remove`. */
  async stop(): Promise<void> {
    if (this.#child !== undefined) await stopProcess(this.#child);
    this.#child = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
