import { Resolver } from 'node:dns/promises';
import type { Settings } from '../../../component/settings.ts';
import type { DnsDiscoveryConfig } from '../config/discovery.ts';
import type { TargetGroup } from '../target.ts';
import type { Discoverer } from './discoverer.ts';
import { refreshing } from './refreshing.ts';

/** What is asked of DNS. */
export type Lookups = Pick<
  Resolver,
  'resolveSrv' | 'resolve4' | 'resolve6' | 'resolveMx' | 'resolveNs'
>;

type Labels = readonly (readonly [name: string, value: string])[];

const prefix = '__meta_dns_';

/** Targets from the records of names; a name that cannot be looked up keeps those that it had. */
export function dnsDiscoverer(
  settings: Settings,
  config: DnsDiscoveryConfig,
  lookups: Lookups = new Resolver({ timeout: 5000, tries: 2 }),
): Discoverer {
  const known = new Map<string, TargetGroup>();
  const lookUp = async (): Promise<readonly TargetGroup[]> => {
    await Promise.all(
      config.names.map(async (name) => {
        try {
          known.set(name, await groupOf(lookups, config, name));
        } catch (error) {
          const message = (error as Error).message;
          settings.logger.error('Error refreshing DNS targets', { name, error: message });
        }
      }),
    );
    return [...known.values()];
  };
  return refreshing(settings, 'dns', config.refresh_interval, lookUp);
}

async function groupOf(
  lookups: Lookups,
  { type, port }: DnsDiscoveryConfig,
  name: string,
): Promise<TargetGroup> {
  const at = (host: string, portOf: number): string =>
    host.includes(':') ? `[${host}]:${portOf}` : `${host.replace(/\.+$/, '')}:${portOf}`;
  const target = (address: string, more: Labels = []) =>
    new Map([['__address__', address], [`${prefix}name`, name], ...more]);
  const records = async () => {
    switch (type.toUpperCase()) {
      case 'A':
        return (await lookups.resolve4(name)).map((ip) => target(at(ip, port)));
      case 'AAAA':
        return (await lookups.resolve6(name)).map((ip) => target(at(ip, port)));
      case 'MX':
        return (await lookups.resolveMx(name)).map(({ exchange }) =>
          target(at(exchange, port), [[`${prefix}mx_record_target`, rooted(exchange)]]),
        );
      case 'NS':
        return (await lookups.resolveNs(name)).map((host) =>
          target(at(host, port), [[`${prefix}ns_record_target`, rooted(host)]]),
        );
      default:
        return (await lookups.resolveSrv(name)).map((record) =>
          target(at(record.name, record.port), [
            [`${prefix}srv_record_target`, rooted(record.name)],
            [`${prefix}srv_record_port`, String(record.port)],
          ]),
        );
    }
  };
  return { source: name, targets: await records(), labels: new Map() };
}

/** A name as records hold it, with its last dot. */
function rooted(host: string): string {
  return host.endsWith('.') ? host : `${host}.`;
}
