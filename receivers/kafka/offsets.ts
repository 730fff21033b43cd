import type { Consumer } from '@platformatic/kafka';
import type { KafkaReceiverConfig } from './config.ts';

/** One partition of a topic. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** Timestamps that stand for the ends of a partition. */
const ends = { earliest: -2n, latest: -1n } as const;

/** Where to begin: where the group stopped, else as configured. */
export async function firstOffsets(
  consumer: Consumer,
  places: readonly Place[],
  config: Pick<KafkaReceiverConfig, 'initial_offset'>,
): Promise<(Place & { readonly offset: bigint })[]> {
  const byTopic = new Map<string, number[]>();
  for (const { topic, partition } of places) {
    const known = byTopic.get(topic);
    if (known === undefined) byTopic.set(topic, [partition]);
    else known.push(partition);
  }
  const topics = [...byTopic].map(([topic, partitions]) => ({ topic, partitions }));
  const committed = await consumer.listCommittedOffsets({ topics });
  const timestamp = config.initial_offset === 'earliest' ? ends.earliest : ends.latest;
  const known = ({ topic, partition }: Place): bigint => committed.get(topic)?.[partition] ?? -1n;
  const fresh = places.filter((place) => known(place) < 0n);
  const partitions: Record<string, number[]> = {};
  for (const { topic, partition } of fresh) (partitions[topic] ??= []).push(partition);
  const names = Object.keys(partitions);
  const first =
    names.length === 0
      ? undefined
      : await consumer.listOffsets({ topics: names, partitions, timestamp });
  return places.map((place) => {
    const offset = known(place);
    if (offset >= 0n) return { ...place, offset };
    return { ...place, offset: first?.get(place.topic)?.[place.partition] ?? 0n };
  });
}
