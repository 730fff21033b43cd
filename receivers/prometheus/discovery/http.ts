import type { Settings } from '../../../component/settings.ts';
import type { HttpDiscoveryConfig } from '../config/discovery.ts';
import { Fetcher } from '../fetcher.ts';
import type { TargetGroup } from '../target.ts';
import type { Discoverer } from './discoverer.ts';
import { groupOf, readGroups } from './groups.ts';
import { refreshing } from './refreshing.ts';

/** Bytes of an answer. */
const maxBytes = 64 << 20;

const jsonType = /^application\/json(;\s*charset=("utf-8"|utf-8))?$/i;

/** Targets listed by a server. */
export function httpDiscoverer(settings: Settings, config: HttpDiscoveryConfig): Discoverer {
  const fetcher = new Fetcher(config, settings.budget);
  const { url, refresh_interval: intervalMs } = config;
  const { command, version } = settings.build;
  const headers = {
    'user-agent': `${command}/${version}`,
    accept: 'application/json',
    'x-prometheus-refresh-interval-seconds': String(intervalMs / 1000),
  };
  const lookUp = async (): Promise<readonly TargetGroup[]> => {
    const answer = await fetcher.get({ url, headers, timeoutMs: intervalMs, maxBytes });
    try {
      if (!jsonType.test(answer.contentType.trim())) {
        throw new Error(`unsupported content type ${JSON.stringify(answer.contentType)}`);
      }
      const groups = readGroups(JSON.parse(answer.body.toString('utf8')));
      return groups.map((one, i) => groupOf(one, `${url}:${i}`, { __meta_url: url }));
    } finally {
      answer.release();
    }
  };
  return refreshing(settings, 'http', intervalMs, lookUp, () => fetcher.close());
}
