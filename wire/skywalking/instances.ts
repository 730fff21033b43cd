import { isIP } from 'node:net';
import type { AttributeValue } from '../../pdata/values.ts';

/** Instances whose properties are remembered; the one that has not reported longest goes. */
const maxInstances = 10_000;

/** Longer values, and names of instances, are not remembered; nor are more addresses. */
const maxLength = 256;
const maxAddresses = 8;

/** Properties that agents report, by the attribute of a resource that says the same. */
const known: Readonly<Record<string, string>> = {
  'OS Name': 'os.name',
  os_name: 'os.name',
  hostname: 'host.name',
  host_name: 'host.name',
  'Process No.': 'process.pid',
  process_no: 'process.pid',
  language: 'telemetry.sdk.language',
};

const languages: Readonly<Record<string, string>> = {
  'node.js': 'nodejs',
  nodejs: 'nodejs',
  'c#': 'dotnet',
  dotnet: 'dotnet',
  golang: 'go',
};

/** Attributes of a resource that an instance's properties stand for. */
function propertyAttributes(
  properties: readonly { readonly key: string; readonly value: string }[],
): Map<string, AttributeValue> {
  const found = new Map<string, AttributeValue>();
  const addresses: string[] = [];
  for (const { key, value } of properties) {
    if (value === '' || value.length > maxLength) continue;
    if (/^ipv4s?$/i.test(key)) addresses.push(...value.split(/[,\s]+/));
    const name = known[key];
    if (name === undefined) continue;
    if (name === 'telemetry.sdk.language') {
      const low = value.toLowerCase();
      found.set(name, languages[low] ?? low);
    } else if (name !== 'process.pid') found.set(name, value);
    else if (/^\d{1,10}$/.test(value)) found.set(name, Number(value));
  }
  const ips = addresses
    .filter((text) => isIP(text) !== 0 && !text.startsWith('127.'))
    .slice(0, maxAddresses);
  if (ips.length > 0) found.set('host.ip', ips);
  return found;
}

/**
 * What instances of services have reported of themselves: it goes onto the resources of what they
 * send after that.
 */
export class Instances {
  readonly #known = new Map<string, ReadonlyMap<string, AttributeValue>>();
  /** Changes whenever something is learned. */
  version = 0;

  /** Takes the properties that an instance reports; agents repeat them. */
  report(
    service: string,
    instance: string,
    properties: readonly { readonly key: string; readonly value: string }[],
  ): void {
    const key = `${service}\0${instance}`;
    const attributes = propertyAttributes(properties);
    this.#known.delete(key);
    if (attributes.size === 0 || key.length > 2 * maxLength) return;
    this.#known.set(key, attributes);
    this.version += 1;
    if (this.#known.size <= maxInstances) return;
    this.#known.delete(this.#known.keys().next().value!);
  }

  /** The resource of an instance. */
  resource(service: string, instance: string): Map<string, AttributeValue> {
    const attributes = new Map<string, AttributeValue>();
    if (service !== '') attributes.set('service.name', service);
    if (instance !== '') attributes.set('service.instance.id', instance);
    for (const [key, value] of this.#known.get(`${service}\0${instance}`) ?? []) {
      attributes.set(key, value);
    }
    return attributes;
  }
}
