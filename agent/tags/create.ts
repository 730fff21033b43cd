import type { ConfNode } from '../../config/schema/node.ts';
import { EntityReporter } from '../entities/reporter.ts';
import type { NamesConfig } from './config.ts';
import { type HostFiles, hostFiles } from './files.ts';
import { type HostPaths, hostPaths, readHost } from './host.ts';
import { type Inventory, readInventory } from './inventory.ts';
import { HostNames, type NamesLimits } from './names.ts';
import { textOf } from './text.ts';

/** How a receiver wants its names. */
export interface NamingOptions {
  /** Time of the component, Unix milliseconds. */
  readonly unixMs: () => number;
  /** Milliseconds that never go back. */
  readonly monotonicMs: () => number;
  readonly inventory?: Inventory;
  /** Seconds between two reports of an entity; 0 = entities are not reported. */
  readonly entityIntervalSeconds: number;
  readonly paths?: HostPaths;
  readonly files?: HostFiles;
  readonly limits?: Partial<NamesLimits>;
}

/** Names of one machine and, where they are wanted, reports of its entities. */
export interface Naming {
  readonly names: HostNames;
  readonly reporter: EntityReporter | undefined;
}

/** Entities that are known at once. */
const ENTITIES = 65_536;

/** Makes what names the processes of this machine. */
export function createNaming(options: NamingOptions): Naming {
  const files = options.files ?? hostFiles;
  const paths = options.paths ?? hostPaths;
  const host = readHost(files, paths);
  const { entityIntervalSeconds: intervalSeconds } = options;
  const reporter =
    intervalSeconds === 0
      ? undefined
      : new EntityReporter({ host, intervalSeconds, limit: ENTITIES });
  const names = new HostNames({
    files,
    paths,
    host,
    inventory: options.inventory,
    now: () => options.unixMs() * 1e6,
    elapsed: () => options.monotonicMs() * 1e6,
    ...(reporter === undefined ? {} : { reporter }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  return { names, reporter };
}

/** Bytes of an inventory file. */
const MAX_INVENTORY = 64 * 1024 * 1024;

/** What a receiver has. */
export interface NamingSurroundings {
  readonly clock: { unixMs(): number; monotonicMs(): number };
  /** Reads YAML; throws ConfigError. */
  readonly parse: (text: string, file: string) => ConfNode;
  /** Whether somebody takes reports of entities. */
  readonly reports: boolean;
}

/**
 * Names as a receiver is configured; undefined when it wants none.
 * @throws Error when the inventory cannot be read, ConfigError when it is wrong
 */
export function namingOf(
  config: NamesConfig,
  { clock, parse, reports }: NamingSurroundings,
): Naming | undefined {
  if (!config.enabled) return undefined;
  const { inventory: path, entity_interval } = config;
  const options = {
    unixMs: () => clock.unixMs(),
    monotonicMs: () => clock.monotonicMs(),
    entityIntervalSeconds: reports ? entity_interval / 1000 : 0,
  };
  if (path === '') return createNaming(options);
  const bytes = hostFiles.bytes(path, MAX_INVENTORY);
  if (bytes === undefined) throw new Error(`cannot read the inventory ${JSON.stringify(path)}`);
  return createNaming({ ...options, inventory: readInventory(parse(textOf(bytes), path)) });
}
