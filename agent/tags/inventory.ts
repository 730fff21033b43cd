import { decode } from '../../config/schema/decode.ts';
import { ConfigError } from '../../config/schema/issue.ts';
import type { ConfNode } from '../../config/schema/node.ts';
import { parseAddress } from '../../wire/address/parse.ts';
import {
  type EntityDescription,
  inventoryHost,
  network,
  service,
  zone,
} from '../entities/entity.ts';
import { fitsGlob } from './glob.ts';
import {
  type InventoryFile,
  inventorySchema,
  type ServiceEntry,
  type Valid,
} from './inventory-file.ts';
import { PrefixTable, parsePrefix } from './ip.ts';

/** What a process is matched by. */
export interface ProcessFeatures {
  readonly executable: string;
  readonly commandLine: string;
  readonly cgroup: string;
  readonly unit: string;
  readonly container: string;
}

/** Who the inventory says that an address is. */
export interface InventoryEnd {
  readonly name: string;
  readonly entity: EntityDescription;
}

interface Addressed extends Valid {
  readonly end: InventoryEnd;
  readonly ports: readonly (readonly [from: number, to: number])[];
}

interface Matched extends Valid {
  readonly entry: ServiceEntry;
  readonly patterns: readonly (readonly [feature: keyof ProcessFeatures, glob: string])[];
}

const matchers = {
  executable: 'executable',
  command_line: 'commandLine',
  cgroup: 'cgroup',
  unit: 'unit',
  container: 'container',
} as const;

/** Names that people wrote down: services by their processes, and who has which address. */
export class Inventory {
  readonly #matched: Matched[] = [];
  readonly #addressed = new PrefixTable<Addressed>();
  /** All that it names, for entity events. */
  readonly entities: readonly EntityDescription[];

  constructor(file: InventoryFile) {
    const regions = new Map(file.zones.map((entry) => [entry.name, entry.region]));
    const placeOf = (entry: { zone?: string | undefined; region?: string | undefined }) => ({
      zone: entry.zone ?? '',
      region: entry.region ?? regions.get(entry.zone ?? '') ?? '',
    });
    const entities: EntityDescription[] = file.zones.map((z) => zone(z.name, z.region));
    // Within one prefix services count before hosts, and hosts before networks.
    for (const entry of file.services) {
      const entity = service(entry.name, '', {
        ...entry.attributes,
        ...placeAttributes(placeOf(entry)),
      });
      entities.push({ ...entity, validFrom: entry.valid_from });
      this.#match(entry);
      this.#address(entry.addresses, entry, entry.ports, { name: entry.name, entity });
    }
    for (const entry of file.hosts) {
      const extra = { ...entry.attributes, ...placeAttributes(placeOf(entry)) };
      const entity = inventoryHost(entry.name, entry.addresses, extra);
      entities.push(entity);
      this.#address(entry.addresses, entry, [], { name: entry.name, entity });
    }
    for (const entry of file.networks) {
      const extra = { ...entry.attributes, ...placeAttributes(placeOf(entry)) };
      const entity = network(entry.name, entry.cidr, extra);
      entities.push(entity);
      this.#address([entry.cidr], entry, [], { name: entry.name, entity });
    }
    this.entities = entities;
  }

  #match(entry: ServiceEntry): void {
    const patterns: [keyof ProcessFeatures, string][] = [];
    for (const [key, feature] of Object.entries(matchers)) {
      const pattern = entry[key as keyof typeof matchers];
      if (pattern !== undefined) patterns.push([feature, pattern]);
    }
    const { valid_from, valid_to } = entry;
    if (patterns.length > 0) this.#matched.push({ entry, patterns, valid_from, valid_to });
  }

  #address(
    prefixes: readonly string[],
    { valid_from, valid_to }: Valid,
    ports: Addressed['ports'],
    end: InventoryEnd,
  ): void {
    for (const text of prefixes) {
      this.#addressed.add(parsePrefix(text)!, { end, ports, valid_from, valid_to });
    }
  }

  /** The first service whose patterns all fit a process. */
  serviceOf(
    process: ProcessFeatures,
    unixNanos: bigint,
  ): { readonly name: string; readonly attributes: Readonly<Record<string, string>> } | undefined {
    const found = this.#matched.find(
      (entry) =>
        isValid(entry, unixNanos) &&
        entry.patterns.every(([feature, glob]) => fitsGlob(glob, process[feature])),
    );
    return found?.entry;
  }

  /** Who has an address: the longest prefix counts; with equal ones service, host, network. */
  endOf(address: string, port: number, unixNanos: bigint): InventoryEnd | undefined {
    const value = parseAddress(address);
    if (value === undefined) return undefined;
    const found = this.#addressed.find(
      value,
      ({ ports, ...entry }) =>
        isValid(entry, unixNanos) &&
        (ports.length === 0 || ports.some(([from, to]) => port >= from && port <= to)),
    );
    return found?.end;
  }
}

/**
 * Reads an inventory out of its parsed YAML.
 * @throws ConfigError with file, line and column of every fault
 */
export function readInventory(node: ConfNode): Inventory {
  const decoded = decode(node, inventorySchema);
  if (!decoded.ok) throw new ConfigError(decoded.issues);
  return new Inventory(decoded.value);
}

function isValid(entry: Valid, unixNanos: bigint): boolean {
  if (entry.valid_from !== undefined && unixNanos < entry.valid_from) return false;
  return entry.valid_to === undefined || unixNanos < entry.valid_to;
}

function placeAttributes(at: { zone: string; region: string }): Record<string, string> {
  return {
    ...(at.zone === '' ? {} : { 'cloud.availability_zone': at.zone }),
    ...(at.region === '' ? {} : { 'cloud.region': at.region }),
  };
}
