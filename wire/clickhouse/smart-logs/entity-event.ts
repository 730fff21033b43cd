import { parseAddress } from '../../address/parse.ts';
import { entityId } from '../../entity/id.ts';
import type { Message } from '../message.ts';
import {
  arrayAt,
  intAt,
  mapAt,
  pairsOf,
  stringAt,
  textAt,
  type ValueRange,
} from './plain-value.ts';

/** A row of table `entities`, and its addresses. Times in seconds since 1970. */
export interface EntityRow {
  readonly id: bigint;
  readonly type: string;
  readonly name: string;
  readonly validFrom: number;
  readonly validTo: number;
  /** Ids of the entities that it belongs to, by column. */
  readonly related: ReadonlyMap<RelatedColumn, bigint>;
  readonly zone: string;
  readonly region: string;
  readonly identity: ReadonlyMap<string, string>;
  readonly tags: ReadonlyMap<string, string>;
  readonly updatedMs: bigint;
  readonly addresses: readonly EntityAddress[];
}

interface EntityAddress {
  readonly address: string;
  /** Bits of a 128-bit address. */
  readonly prefix: number;
}

export const relatedColumns = [
  'service',
  'container',
  'workload',
  'node',
  'namespace',
  'cluster',
] as const;
type RelatedColumn = (typeof relatedColumns)[number];

/** Column by the type of the entity that a relationship leads to. */
const columnOfType: Readonly<Record<string, RelatedColumn>> = {
  service: 'service',
  container: 'container',
  host: 'node',
  'k8s.node': 'node',
  'k8s.namespace': 'namespace',
  'k8s.cluster': 'cluster',
  'k8s.deployment': 'workload',
  'k8s.statefulset': 'workload',
  'k8s.daemonset': 'workload',
  'k8s.replicaset': 'workload',
  'k8s.job': 'workload',
  'k8s.cronjob': 'workload',
};

/** Attributes that name an entity, best first; each is looked for below the entity's type, too. */
const nameKeys = ['service.name', 'container.name', 'process.executable.name', 'host.name'];
const addressKeys = ['host.ip', 'k8s.pod.ip', 'k8s.node.ip', 'container.ip'];
const CIDR = 'wirestitch.network.cidr';

/** Facts that nothing ends are valid until 2100. */
const OPEN_END = 4_102_444_800;
/** Validity may begin so long before an event at most; seconds. */
const PAST = 400 * 86_400;
const FUTURE = 3_600;
const DAY = 86_400;
/** An entity is gone when so many reports did not come. */
const MISSED_REPORTS = 2;
const MAX_ADDRESSES = 1024;

/**
 * Reads an event `entity.state` or `entity.delete`. Undefined when it does not say which entity is
 * meant, or when an end comes without a description, so that a row of it would hide what is known.
 * @param timeNs of the event
 * @param receipt seconds since 1970: times far from it are moved near
 */
export function readEntityEvent(
  b: Uint8Array,
  record: Message,
  deleted: boolean,
  timeNs: bigint,
  receipt: number,
): EntityRow | undefined {
  const pairs = pairsOf(b, record.attributes);
  const type = stringAt(b, pairs.get('entity.type'));
  const identity = textsOf(b, mapAt(b, pairs.get('entity.id')));
  const description = mapAt(b, pairs.get('entity.description'));
  if (type === undefined || type === '' || identity.size === 0) return undefined;
  if (deleted && description === undefined) return undefined;
  const tags = textsOf(b, description);
  const now = near(Number(timeNs / 1_000_000_000n), receipt);
  const stated = intAt(b, pairs.get('wirestitch.entity.valid_from'));
  // Without a statement one row a day: the last report of the day is kept.
  const from = stated === undefined ? now - (now % DAY) : Number(stated / 1_000_000_000n);
  const interval = Number(intAt(b, pairs.get('entity.report.interval')) ?? 0n);
  const ends = interval > 0 ? now + (MISSED_REPORTS + 1) * interval : OPEN_END;
  const validFrom = near(from, receipt);
  return {
    id: entityId(type, identity),
    type,
    name: nameOf(type, identity, tags),
    validFrom,
    validTo: Math.min(OPEN_END, Math.max(validFrom, deleted ? now : ends)),
    related: relatedOf(b, arrayAt(b, pairs.get('entity.relationships')) ?? []),
    zone: tags.get('cloud.availability_zone') ?? '',
    region: tags.get('cloud.region') ?? '',
    identity,
    tags,
    updatedMs: timeNs / 1_000_000n,
    addresses: addressesOf(b, description ?? new Map()),
  };
}

function near(seconds: number, receipt: number): number {
  return Math.min(receipt + FUTURE, Math.max(0, receipt - PAST, seconds));
}

function textsOf(
  b: Uint8Array,
  pairs: ReadonlyMap<string, ValueRange> | undefined,
): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [key, range] of pairs ?? []) texts.set(key, textAt(b, range));
  return texts;
}

function nameOf(
  type: string,
  identity: ReadonlyMap<string, string>,
  tags: ReadonlyMap<string, string>,
): string {
  for (const key of [`${type}.name`, ...nameKeys]) {
    const name = identity.get(key) ?? tags.get(key);
    if (name !== undefined && name !== '') return name;
  }
  return [...identity.values()].join(' ');
}

function relatedOf(
  b: Uint8Array,
  relationships: readonly ValueRange[],
): ReadonlyMap<RelatedColumn, bigint> {
  const related = new Map<RelatedColumn, bigint>();
  for (const range of relationships) {
    const pairs = mapAt(b, range);
    const type = stringAt(b, pairs?.get('entity.type')) ?? '';
    const identity = textsOf(b, mapAt(b, pairs?.get('entity.id')));
    const column = Object.hasOwn(columnOfType, type) ? columnOfType[type] : undefined;
    if (column === undefined || identity.size === 0 || related.has(column)) continue;
    related.set(column, entityId(type, identity));
  }
  return related;
}

function addressesOf(
  b: Uint8Array,
  description: ReadonlyMap<string, ValueRange>,
): readonly EntityAddress[] {
  const addresses: EntityAddress[] = [];
  const add = (address: string, prefix = 128): void => {
    if (parseAddress(address) === undefined || addresses.length === MAX_ADDRESSES) return;
    addresses.push({ address, prefix });
  };
  for (const key of addressKeys) {
    const value = description.get(key);
    if (value === undefined) continue;
    const list = arrayAt(b, value) ?? [value];
    for (const element of list) add(stringAt(b, element) ?? '');
  }
  const [base = '', bits = ''] = (stringAt(b, description.get(CIDR)) ?? '').split('/');
  const length = Number(bits) + (base.includes(':') ? 0 : 96);
  if (/^\d{1,3}$/.test(bits) && length <= 128) add(base, length);
  return addresses;
}
