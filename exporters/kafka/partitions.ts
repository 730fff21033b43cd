import { fnv1a32 } from '../../pdata/hash/fnv.ts';
import type { KafkaExporterConfig } from './config.ts';

/** Chooses partitions for the records of one request after the other. */
export interface Partitioner {
  /** Begins with the records of a new request. */
  next(): void;
  /** @returns the partition, from 0 below `count` */
  choose(topic: string, key: Uint8Array | undefined, count: number): number;
}

/** The partition of a key as Sarama and the Go collector choose it: FNV-1a of 32 bits, signed. */
export function saramaPartition(key: Uint8Array, count: number): number {
  return Math.abs(fnv1a32(key) | 0) % count;
}

/** By the hash of the key; records without key go to one partition, another with each request. */
function stickyKey(
  hash: (key: Uint8Array, count: number) => number,
  random: () => number,
): Partitioner {
  const chosen = new Map<string, number>();
  return {
    next: () => chosen.clear(),
    choose(topic, key, count) {
      if (key !== undefined) return hash(key, count);
      let place = chosen.get(topic);
      if (place === undefined) {
        place = random();
        chosen.set(topic, place);
      }
      return Math.floor(place * count);
    },
  };
}

/** Topics that a partitioner remembers at most. */
const maxTopics = 10_000;

function roundRobin(): Partitioner {
  const turns = new Map<string, number>();
  return {
    next() {
      if (turns.size > maxTopics) turns.clear();
    },
    choose(topic, _key, count) {
      const turn = turns.get(topic) ?? 0;
      turns.set(topic, (turn + 1) % count);
      return turn % count;
    },
  };
}

/** @param load records under way to a partition */
function leastBackup(
  load: (topic: string, partition: number) => number,
  random: () => number,
): Partitioner {
  return {
    next() {},
    choose(topic, _key, count) {
      let best = Math.floor(random() * count);
      for (let i = 0; i < count; i += 1) if (load(topic, i) < load(topic, best)) best = i;
      return best;
    },
  };
}

/**
 * @param murmur2 Kafka's own hash
 * @param load records under way to a partition
 * @param random numbers in [0, 1)
 */
export function partitionerFor(
  config: KafkaExporterConfig['record_partitioner'],
  murmur2: (key: Buffer) => number,
  load: (topic: string, partition: number) => number,
  random: () => number,
): Partitioner {
  if (config.round_robin !== undefined) return roundRobin();
  if (config.least_backup !== undefined) return leastBackup(load, random);
  if (config.sticky_key?.hasher !== 'murmur2') return stickyKey(saramaPartition, random);
  const hash = (key: Uint8Array, count: number): number =>
    (murmur2(Buffer.from(key)) & 0x7fffffff) % count;
  return stickyKey(hash, random);
}
