import { z } from 'zod';
import { parseAddress } from '../../wire/address/parse.ts';
import { parsePrefix } from './ip.ts';

/** Of each list. */
const MAX_ENTRIES = 10_000;

/** When an entry holds, nanoseconds since 1970; undefined = always. */
export interface Valid {
  readonly valid_from?: bigint | undefined;
  readonly valid_to?: bigint | undefined;
}

const name = z.string().min(1).max(256);
const glob = z.string().min(1).max(1024);
const attributes = z.record(z.string().max(256), z.string().max(1024)).default({});
const prefix = z
  .string()
  .refine((text) => parsePrefix(text) !== undefined, expected('an address or a CIDR block'));
const address = z
  .string()
  .refine((text) => parseAddress(text) !== undefined, expected('an IP address'));
/** YAML reads a day or a time without quotes as a time. */
const time = z
  .union([z.string(), z.date()])
  .refine(isTime, expected('a time as 2026-01-31T12:00:00Z, or a day'))
  .transform((given) => BigInt(new Date(given).getTime()) * 1_000_000n);
const port = z
  .union([z.number().int(), z.string()])
  .refine(isPortRange, expected('a port, or a range of ports as 8000-8099'))
  .transform(portRange);

const common = {
  name,
  attributes,
  zone: name.optional(),
  region: name.optional(),
  valid_from: time.optional(),
  valid_to: time.optional(),
};

const service = z
  .strictObject({
    ...common,
    executable: glob.optional(),
    command_line: glob.optional(),
    cgroup: glob.optional(),
    unit: glob.optional(),
    container: glob.optional(),
    addresses: z.array(prefix).default([]),
    ports: z.array(port).default([]),
  })
  .refine(isOrdered, ordered())
  .refine(isFound, {
    message: 'an entry that says neither what its processes look like nor an address finds nothing',
  });
const host = z
  .strictObject({ ...common, addresses: z.array(address).min(1) })
  .refine(isOrdered, ordered());
const network = z.strictObject({ ...common, cidr: prefix }).refine(isOrdered, ordered());
const zone = z.strictObject({ name, region: name });

/** The inventory file: README.md describes it. */
export const inventorySchema = z.strictObject({
  services: z.array(service).max(MAX_ENTRIES).default([]),
  hosts: z.array(host).max(MAX_ENTRIES).default([]),
  networks: z.array(network).max(MAX_ENTRIES).default([]),
  zones: z.array(zone).max(MAX_ENTRIES).default([]),
});

/** An inventory that was checked, lists of at most MAX_ENTRIES each. */
export type InventoryFile = z.infer<typeof inventorySchema>;
/** An entry of `services`. */
export type ServiceEntry = InventoryFile['services'][number];

function isOrdered({ valid_from, valid_to }: Valid): boolean {
  return valid_from === undefined || valid_to === undefined || valid_from < valid_to;
}

function ordered(): { readonly message: string } {
  return { message: 'valid_to must be after valid_from' };
}

function isFound(entry: {
  readonly executable?: string | undefined;
  readonly command_line?: string | undefined;
  readonly cgroup?: string | undefined;
  readonly unit?: string | undefined;
  readonly container?: string | undefined;
  readonly addresses: readonly string[];
}): boolean {
  const { executable, command_line, cgroup, unit, container, addresses } = entry;
  const patterns = [executable, command_line, cgroup, unit, container];
  return addresses.length > 0 || patterns.some((pattern) => pattern !== undefined);
}

/** Quotes what was given instead. */
function expected(what: string) {
  return {
    error: (issue: { readonly input?: unknown }): string =>
      `expected ${what}, got ${JSON.stringify(issue.input)}`,
  };
}

function isPortRange(value: number | string): boolean {
  const [from, to] = portRange(value);
  return from >= 1 && from <= to && to <= 65_535;
}

function portRange(value: number | string): readonly [number, number] {
  if (typeof value === 'number') return [value, value];
  const [, from, to] = /^(\d{1,5})-(\d{1,5})$/.exec(value) ?? [];
  return [Number(from ?? 0), Number(to ?? 0)];
}

function isTime(given: string | Date): boolean {
  if (given instanceof Date) return true;
  return /^\d{4}-\d\d-\d\d/.test(given) && !Number.isNaN(Date.parse(given));
}
