import type { Admin, Consumer } from '@platformatic/kafka';
import { compileRegexp } from '../../pdata/regexp/index.ts';
import { hasFault } from '../../pipeline/kafka/errors.ts';

/** Topics that are there, of those that a configuration asks for. */
export interface FoundTopics {
  readonly names: readonly string[];
  /** Of one that is not there yet, the name; undefined = all are. */
  readonly missing: string | undefined;
  /** Changes when a topic gets partitions. */
  readonly shape: string;
}

/** Whether topics are regular expressions. */
export function arePatterns(topics: readonly string[]): boolean {
  return topics.some((topic) => topic.startsWith('^'));
}

/** The topics that match one pattern and no other. @throws Error for what is no pattern */
export function matching(
  names: readonly string[],
  patterns: readonly string[],
  excluded: readonly string[],
): string[] {
  const wanted = patterns.map((pattern) => compileRegexp(pattern));
  const unwanted = excluded.map((pattern) => compileRegexp(pattern));
  return names.filter(
    (name) => wanted.some((one) => one.test(name)) && !unwanted.some((one) => one.test(name)),
  );
}

/** Asks the cluster. Topics are not made by asking. */
export async function findTopics(
  consumer: Consumer,
  admin: Admin,
  topics: readonly string[],
  excluded: readonly string[],
): Promise<FoundTopics> {
  const candidates = arePatterns(topics)
    ? matching(await admin.listTopics({}), topics, excluded)
    : topics;
  const names: string[] = [];
  const shape: string[] = [];
  let missing: string | undefined;
  for (const topic of candidates) {
    const count = await partitionsOf(consumer, topic);
    if (count === 0) missing = topic;
    else {
      names.push(topic);
      shape.push(`${topic}:${count}`);
    }
  }
  return { names, missing, shape: shape.join(' ') };
}

async function partitionsOf(consumer: Consumer, topic: string): Promise<number> {
  try {
    const metadata = await consumer.metadata({ topics: [topic], forceUpdate: true, retries: 0 });
    return metadata.topics.get(topic)?.partitionsCount ?? 0;
  } catch (error) {
    if (hasFault(error, 'UNKNOWN_TOPIC_OR_PARTITION')) return 0;
    if (hasFault(error, 'LEADER_NOT_AVAILABLE')) return 0;
    throw error;
  }
}
