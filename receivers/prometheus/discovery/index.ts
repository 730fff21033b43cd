import type { Settings } from '../../../component/settings.ts';
import type { DiscoveryConfig } from '../config/discovery.ts';
import type { Discoverer } from './discoverer.ts';
import { staticDiscoverer } from './static.ts';

/** Everything that knows targets of a job. */
export async function discoverersOf(
  settings: Settings,
  config: DiscoveryConfig,
): Promise<Discoverer[]> {
  const all: Discoverer[] = [];
  if (config.static_configs.length > 0) all.push(staticDiscoverer(config.static_configs));
  for (const one of config.file_sd_configs) {
    const { fileDiscoverer } = await import('./file.ts');
    all.push(fileDiscoverer(settings, one));
  }
  for (const one of config.http_sd_configs) {
    const { httpDiscoverer } = await import('./http.ts');
    all.push(httpDiscoverer(settings, one));
  }
  for (const one of config.dns_sd_configs) {
    const { dnsDiscoverer } = await import('./dns.ts');
    all.push(dnsDiscoverer(settings, one));
  }
  for (const one of config.kubernetes_sd_configs) {
    const { kubernetesDiscoverer } = await import('./kubernetes/index.ts');
    all.push(kubernetesDiscoverer(settings, one));
  }
  return all;
}
