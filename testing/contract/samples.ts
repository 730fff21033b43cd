import { join } from 'node:path';
import type { RegistryEntry } from '../../gateway/components.ts';

/** How the contract suites make an instance of a component. */
export interface Sample {
  /** A configuration that starts without anything else running; listeners on port 0. */
  readonly config: unknown;
  /** What it needs to start; its own tests start it. */
  readonly startedElsewhere?: string;
  /** Why keys that it does not know are accepted. */
  readonly acceptsAnyKey?: string;
}

const strategies = join(
  import.meta.dirname,
  '../../extensions/jaeger_remote_sampling/testdata/strategies.json',
);

function extensionSamples(directory: string): Readonly<Record<string, Sample>> {
  return {
    'exporter/prometheus': { config: { endpoint: '127.0.0.1:0' } },
    'extension/basicauth': { config: { htpasswd: { inline: 'contract:password' } } },
    'extension/bearertokenauth': { config: { token: 'contract' } },
    'extension/headers_setter': { config: { headers: [{ key: 'a', value: 'b' }] } },
    'extension/healthcheckv2': { config: { endpoint: '127.0.0.1:0' } },
    'extension/oauth2client': {
      config: { client_id: 'a', client_secret: 'b', token_url: 'http://127.0.0.1:9' },
    },
    'extension/reload': { config: { http: { endpoint: '127.0.0.1:0' } } },
    'extension/pprof': { config: { endpoint: '127.0.0.1:0' } },
    'extension/prometheus_query': {
      config: { endpoint: '127.0.0.1:0', storage: { engine: 'embedded_clickhouse' } },
      startedElsewhere: 'a ClickHouse engine',
    },
    'extension/ui': { config: { endpoint: '127.0.0.1:0' } },
    'extension/zpages': { config: { endpoint: '127.0.0.1:0' } },
    'extension/embedded_clickhouse': {
      config: { path: `${directory}/engine` },
      startedElsewhere: 'a ClickHouse engine',
    },
    'extension/file_storage': { config: { directory } },
    'extension/jaeger_remote_sampling': {
      config: {
        http: { endpoint: '127.0.0.1:0' },
        grpc: { endpoint: '127.0.0.1:0' },
        source: { file: strategies },
      },
    },
    'extension/health_check': { config: { endpoint: '127.0.0.1:0' } },
    'extension/jaeger_query': {
      config: { storage: { engine: 'embedded_clickhouse' } },
      startedElsewhere: 'a ClickHouse engine',
    },
  };
}

/** Samples by `kind/type`, where `{}` will not do. `directory` is a temporary one. */
export function sampleOf(entry: RegistryEntry, directory: string): Sample {
  const samples: Readonly<Record<string, Sample>> = {
    'receiver/otlp': {
      config: {
        protocols: { grpc: { endpoint: '127.0.0.1:0' }, http: { endpoint: '127.0.0.1:0' } },
      },
    },
    'receiver/deepflow': { config: { endpoint: '127.0.0.1:0' } },
    'receiver/file_log': { config: { include: [`${directory}/*.log`] } },
    'receiver/fluent_forward': { config: { endpoint: '127.0.0.1:0' } },
    'receiver/host_metrics': { config: { scrapers: { load: null } } },
    'receiver/jaeger': {
      config: {
        protocols: {
          grpc: { endpoint: `${directory}/grpc:1`, transport: 'unix' },
          thrift_http: { endpoint: `${directory}/http:1`, transport: 'unix' },
        },
      },
    },
    'receiver/skywalking': {
      config: {
        protocols: {
          grpc: { endpoint: `${directory}/grpc`, transport: 'unix' },
          http: { endpoint: `${directory}/http`, transport: 'unix' },
        },
      },
    },
    'receiver/syslog': {
      config: { protocol: 'rfc5424', tcp: { listen_address: '127.0.0.1:0' } },
    },
    'receiver/ebpf': {
      config: { allow: { processes: ['no-such-program'] } },
      startedElsewhere: 'root and the eBPF programs',
    },
    'receiver/packet': {
      config: { files: [`${directory}/none.pcap`] },
      startedElsewhere: 'a capture file',
    },
    'processor/attributes': {
      config: { actions: [{ key: 'contract', action: 'insert', value: 'yes' }] },
    },
    'processor/k8s_attributes': { config: { passthrough: true } },
    'processor/probabilistic_sampler': { config: { sampling_percentage: 100, fail_closed: false } },
    'processor/span': { config: { status: { code: 'Ok' } } },
    'processor/tail_sampling': { config: { policies: [{ name: 'a', type: 'always_sample' }] } },
    'processor/resource': {
      config: { attributes: [{ key: 'contract', action: 'insert', value: 'yes' }] },
    },
    'processor/memory_limiter': { config: { check_interval: '1s', limit_mib: 100_000 } },
    'receiver/prometheus': { config: { config: { scrape_configs: [{ job_name: 'a' }] } } },
    'exporter/clickhouse': {
      config: { endpoint: 'http://127.0.0.1:9' },
      startedElsewhere: 'a ClickHouse server',
    },
    'connector/count': { config: {}, acceptsAnyKey: 'the Go collector accepts them here' },
    'connector/routing': {
      config: { table: [{ condition: 'true', pipelines: ['traces/test'] }] },
    },
    'connector/failover': { config: { priority_levels: [['traces/test']] } },
    'exporter/file': { config: { path: `${directory}/out.json` } },
    'exporter/load_balancing': {
      config: {
        protocol: { otlp: { tls: { insecure: true } } },
        resolver: { static: { hostnames: ['127.0.0.1:9'] } },
      },
    },
    'exporter/otlp_grpc': { config: { endpoint: '127.0.0.1:9', tls: { insecure: true } } },
    'exporter/otlp_http': { config: { endpoint: 'http://127.0.0.1:9' } },
    'exporter/zipkin': { config: { endpoint: 'http://127.0.0.1:9/api/v2/spans' } },
    ...extensionSamples(directory),
  };
  return samples[`${entry.kind}/${entry.type}`] ?? { config: {} };
}
