import type { KafkaRecord } from '@platformatic/kafka';
import type { ClientInfo, Context } from '../../component/consumer.ts';

/** A record as it was read. */
export interface InRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly leaderEpoch: number;
  /** Milliseconds since 1970. */
  readonly timestampMs: number;
  readonly value: Buffer;
  readonly headers: KafkaRecord['headers'];
}

const none = Buffer.alloc(0);

const text = (bytes: Buffer | null): string => (bytes ?? none).toString();

/** Where a record came from and its headers, as metadata of a client. */
export function contextOf(record: InRecord): Context {
  const metadata = new Map<string, string[]>([
    ['kafka.topic', [record.topic]],
    ['kafka.partition', [String(record.partition)]],
    ['kafka.offset', [String(record.offset)]],
  ]);
  for (const [name, value] of record.headers) {
    const key = text(name).toLowerCase();
    const known = metadata.get(key);
    if (known === undefined) metadata.set(key, [text(value)]);
    else known.push(text(value));
  }
  const client: ClientInfo = { address: '', metadata };
  return { client, deadlineMs: Number.POSITIVE_INFINITY };
}

/** The first value of a header; undefined = it is not there. */
export function headerOf(record: InRecord, name: string): string | undefined {
  const found = record.headers.find(([key]) => text(key) === name);
  return found === undefined ? undefined : text(found[1]);
}
