import type { GroupPartitionsAssigner } from '@platformatic/kafka';

type Members = Parameters<GroupPartitionsAssigner>[1];
type Metadata = Parameters<GroupPartitionsAssigner>[3];
type Assignments = ReturnType<GroupPartitionsAssigner>;
type Places = Map<string, { topic: string; partitions: number[] }>;

/** Topics that members ask for, and who does, both in order. */
function subscriptions(members: Members): [topic: string, members: string[]][] {
  const topics = new Map<string, string[]>();
  for (const id of [...members.keys()].sort()) {
    for (const topic of members.get(id)?.topics ?? []) {
      const known = topics.get(topic);
      if (known === undefined) topics.set(topic, [id]);
      else known.push(id);
    }
  }
  return [...topics].sort(([a], [b]) => (a < b ? -1 : 1));
}

function emptyPlaces(members: Members): Map<string, Places> {
  return new Map([...members.keys()].map((id) => [id, new Map()]));
}

function give(places: Map<string, Places>, id: string, topic: string, partition: number): void {
  const own = places.get(id)!;
  const known = own.get(topic);
  if (known === undefined) own.set(topic, { topic, partitions: [partition] });
  else known.partitions.push(partition);
}

const listed = (places: Map<string, Places>): Assignments =>
  [...places].map(([memberId, assignments]) => ({ memberId, assignments }));

/** Partitions of all topics in turn, to members that ask for the topic. */
export function roundRobin(members: Members, metadata: Metadata): Assignments {
  const places = emptyPlaces(members);
  let turn = 0;
  for (const [topic, ids] of subscriptions(members)) {
    const count = metadata.topics.get(topic)?.partitionsCount ?? 0;
    for (let i = 0; i < count; i += 1) {
      give(places, ids[turn % ids.length]!, topic, i);
      turn += 1;
    }
  }
  return listed(places);
}

/** Of each topic a run of partitions for each member that asks for it. */
export function range(members: Members, metadata: Metadata): Assignments {
  const places = emptyPlaces(members);
  for (const [topic, ids] of subscriptions(members)) {
    const count = metadata.topics.get(topic)?.partitionsCount ?? 0;
    const [least, more] = [Math.floor(count / ids.length), count % ids.length];
    let next = 0;
    ids.forEach((id, i) => {
      const stop = next + least + (i < more ? 1 : 0);
      for (; next < stop; next += 1) give(places, id, topic, next);
    });
  }
  return listed(places);
}

/**
 * How a leader gives partitions away. The client does not say which of several strategies the group
 * chose; the sticky one fits all of them.
 */
export function assigner(
  strategies: readonly string[],
  sticky: GroupPartitionsAssigner,
): GroupPartitionsAssigner {
  const [only] = strategies;
  if (strategies.length === 1 && only === 'range')
    return (_, members, __, data) => range(members, data);
  if (strategies.length === 1 && only === 'roundrobin') {
    return (_, members, __, data) => roundRobin(members, data);
  }
  return (current, members, _, data) =>
    sticky(current, members, new Set(subscriptions(members).map(([topic]) => topic)), data);
}
