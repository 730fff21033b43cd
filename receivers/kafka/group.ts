import type { Admin, Broker, Consumer, GroupAssignment } from '@platformatic/kafka';
import { Pause } from '../../component/pause.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { clientOptions } from '../../pipeline/kafka/client.ts';
import { faultText } from '../../pipeline/kafka/errors.ts';
import { assigner } from './assignors.ts';
import { type KafkaReceiverConfig, refuseStrategies } from './config.ts';
import { arePatterns, findTopics } from './topics.ts';

const leastRebalanceMs = 60_000;
/** Time between looks for a topic that is not there, and between attempts to join. */
const lookMs = 1000;
const foreverMs = 2 ** 31 - 1;

/** What a member of a group tells of. */
export interface GroupEvents {
  /** The partitions of this member from now on. */
  assigned(assignments: readonly GroupAssignment[]): void;
  /** The group gives partitions away anew: nothing can be committed until `assigned`. */
  rebalancing(): void;
  /** The cluster cannot be reached or refuses; tried again. */
  trouble(text: string): void;
  connected(broker: Broker, outcome: 'success' | 'failure'): void;
  disconnected(broker: Broker): void;
}

/** Membership in a consumer group: topics, joining, joining again. */
export class Group {
  readonly consumer: Consumer;
  readonly #admin: Admin;
  readonly #config: KafkaReceiverConfig;
  readonly #signal: Signal;
  readonly #events: GroupEvents;
  #closing = false;
  readonly #pause: Pause;
  #rejoin = false;
  #shape = '';
  #running: Promise<void> | undefined;

  private constructor(
    clients: { readonly consumer: Consumer; readonly admin: Admin },
    settings: Settings,
    config: KafkaReceiverConfig,
    signal: Signal,
    events: GroupEvents,
  ) {
    this.consumer = clients.consumer;
    this.#admin = clients.admin;
    this.#pause = new Pause(settings.clock);
    this.#config = config;
    this.#signal = signal;
    this.#events = events;
    this.#listen();
  }

  /** Makes the clients; nothing is connected yet. */
  static async create(
    settings: Settings,
    config: KafkaReceiverConfig,
    signal: Signal,
    events: GroupEvents,
  ): Promise<Group> {
    const { group_rebalance_strategy: one, group_rebalance_strategies: list } = config;
    const single = one === '' ? ['cooperative-sticky'] : [one];
    const strategies = list.length > 0 ? list : single;
    refuseStrategies(strategies);
    const options = await clientOptions(settings, config, 0);
    const { Admin, Consumer, cooperativeStickyAssigner } = await import('@platformatic/kafka');
    const consumer = new Consumer({
      ...options,
      groupId: config.group_id,
      sessionTimeout: config.session_timeout,
      heartbeatInterval: config.heartbeat_interval,
      rebalanceTimeout: Math.max(leastRebalanceMs, config.session_timeout),
      protocols: strategies.map((name) => ({
        name,
        version: name === 'cooperative-sticky' ? 2 : 1,
      })),
      partitionAssigner: assigner(strategies, cooperativeStickyAssigner),
      ...(config.group_instance_id === '' ? {} : { groupInstanceId: config.group_instance_id }),
    });
    const admin = new Admin(options);
    return new Group({ consumer, admin }, settings, config, signal, events);
  }

  #listen(): void {
    const { consumer } = this;
    consumer.on('consumer:group:join', ({ assignments }) => {
      this.#events.assigned(assignments ?? []);
    });
    consumer.on('consumer:group:rebalance', () => this.#events.rebalancing());
    consumer.on('client:broker:connect', ({ broker }) => this.#events.connected(broker, 'success'));
    consumer.on('client:broker:failed', ({ broker }) => this.#events.connected(broker, 'failure'));
    consumer.on('client:broker:disconnect', ({ broker }) => this.#events.disconnected(broker));
    // joining again failed for good: no more signs of life until this joins anew
    consumer.on('error', (error: Error) => {
      if (this.#closing) return;
      this.#events.trouble(faultText(error));
      this.#rejoin = true;
      this.#pause.end();
    });
    this.#admin.on('error', (error: Error) => {
      if (!this.#closing) this.#events.trouble(faultText(error));
    });
  }

  /** Joins in the background, as soon as there is a broker and a topic. */
  run(): void {
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#closing) {
      const waitMs = await this.#step();
      const again = this.#rejoin && waitMs > lookMs;
      if (!this.#closing && !again) await this.#pause.wait(waitMs);
    }
  }

  /** @returns milliseconds until the next */
  async #step(): Promise<number> {
    const { topics, exclude_topics: excluded } = this.#config[this.#signal];
    try {
      const found = await findTopics(this.consumer, this.#admin, topics, excluded);
      const changed = found.shape !== this.#shape;
      if (found.names.length > 0 && (changed || this.#rejoin) && !this.#closing) {
        this.consumer.topics.clear();
        this.consumer.topics.trackAll(...found.names);
        this.#rejoin = false;
        await this.consumer.joinGroup({});
        this.#shape = found.shape;
      }
      if (found.missing !== undefined || (found.names.length === 0 && arePatterns(topics))) {
        return lookMs;
      }
      const { refresh_interval: refreshMs } = this.#config.metadata;
      return refreshMs > 0 ? refreshMs : foreverMs;
    } catch (error) {
      if (!this.#closing) this.#events.trouble(faultText(error));
      this.#rejoin = true;
      return lookMs;
    }
  }

  /** Leaves the group, so that others take the partitions at once. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#pause.end();
    await this.consumer.close(true).catch(() => undefined);
    await this.#admin.close().catch(() => undefined);
    await this.#running;
  }
}
