import { z } from 'zod';
import type { Consumer, Consumers, Context } from '../../component/consumer.ts';
import type { PipelineError } from '../../component/errors.ts';
import type { Factory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import type { RegistryEntry } from '../components.ts';

/** What happened, in order: `start exporter x`, `consume ...`. */
export type Events = string[];

/** What a test may hold of the instances that were made. */
export interface Probe {
  readonly events: Events;
  /** Consumers given to receivers, by id. */
  readonly receivers: Map<string, Consumers>;
  /** Batches that exporters took, by ledger-like name `id@signal`. */
  readonly taken: Map<string, Batch<Signal>[]>;
  /** Errors that exporters reject with, by id. */
  readonly refusals: Map<string, PipelineError>;
}

export function createProbe(): Probe {
  return { events: [], receivers: new Map(), taken: new Map(), refusals: new Map() };
}

const all = { traces: 'stable', metrics: 'stable', logs: 'stable' } as const;

const config = z.strictObject({
  endpoint: z.string().default('localhost:1'),
  fail: z.enum(['start', 'ready', 'shutdown']).optional(),
  mutates: z.boolean().default(false),
});

type Config = z.infer<typeof config>;

function base(probe: Probe, what: string, own: Config) {
  return {
    async start() {
      probe.events.push(`start ${what}`);
      if (own.fail === 'start') throw new Error('told to fail');
    },
    async shutdown() {
      probe.events.push(`stop ${what}`);
      if (own.fail === 'shutdown') throw new Error('told to fail');
    },
  };
}

function receiver(probe: Probe): Factory<Config> {
  return {
    kind: 'receiver',
    type: 'test',
    aliases: ['old_test'],
    stability: all,
    description: 'Gives what a test gives it.',
    config,
    create(settings: Settings, own: Config, next: Consumers) {
      probe.receivers.set(settings.id, next);
      return base(probe, `receiver ${settings.id}`, own);
    },
  };
}

function processor(probe: Probe): Factory<Config> {
  return {
    kind: 'processor',
    type: 'pass',
    stability: all,
    description: 'Hands on.',
    config,
    create<S extends Signal>(signal: S, settings: Settings, own: Config, next: Consumer<S>) {
      return {
        ...base(probe, `processor ${settings.id}@${signal}`, own),
        mutates: own.mutates,
        consume: (batch: Batch<S>, ctx: Context) => next.consume(batch, ctx),
      };
    },
  };
}

function exporter(probe: Probe): Factory<Config> {
  return {
    kind: 'exporter',
    type: 'keep',
    stability: all,
    description: 'Keeps what it gets.',
    config,
    create<S extends Signal>(signal: S, settings: Settings, own: Config) {
      const name = `${settings.id}@${signal}`;
      return {
        ...base(probe, `exporter ${name}`, own),
        mutates: own.mutates,
        async consume(batch: Batch<S>) {
          const refusal = probe.refusals.get(settings.id);
          if (refusal !== undefined) throw refusal;
          probe.taken.set(name, [...(probe.taken.get(name) ?? []), batch]);
          settings.ledger.delivered(batch.itemCount);
        },
      };
    },
  };
}

function connector(probe: Probe): Factory<Config> {
  return {
    kind: 'connector',
    type: 'join',
    aliases: ['keep'],
    stability: all,
    description: 'Hands on to pipelines of the same signal.',
    pairs: [
      ['traces', 'traces'],
      ['logs', 'logs'],
    ],
    config,
    create<F extends Signal, T extends Signal>(
      from: F,
      to: T,
      settings: Settings,
      own: Config,
      next: Consumer<T>,
    ) {
      return {
        ...base(probe, `connector ${settings.id}@${from}-${to}`, own),
        mutates: false,
        consume: (batch: Batch<F>, ctx: Context) => next.consume(batch as unknown as Batch<T>, ctx),
      };
    },
  };
}

function extension(probe: Probe): Factory<Config> {
  return {
    kind: 'extension',
    type: 'aside',
    stability: {},
    description: 'Stands aside.',
    config,
    create(settings: Settings, own: Config) {
      return {
        ...base(probe, `extension ${settings.id}`, own),
        capabilities: {},
        async ready() {
          if (own.fail === 'ready') throw new Error('told to fail');
          probe.events.push(`ready ${settings.id}`);
        },
        async notReady() {
          probe.events.push(`not ready ${settings.id}`);
        },
      };
    },
  };
}

/** A registry of small components that write down what happens to them. */
export function testRegistry(probe: Probe): RegistryEntry[] {
  const makers = [receiver, processor, exporter, connector, extension];
  return makers.map((make) => {
    const factory: Factory<unknown> = make(probe);
    const { kind, type, aliases = [] } = factory;
    return { kind, type, aliases, load: async () => ({ factory }) };
  });
}
