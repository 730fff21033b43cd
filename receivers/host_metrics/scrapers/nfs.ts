import type { ScraperConfigs } from '../config.ts';
import { clientOperations4, procedures3, procedures4, serverOperations4 } from '../nfs-names.ts';
import { Recorder } from '../recorder.ts';
import { attempt, type Scraper, type ScrapeTools } from './scraper.ts';

/** Reads /proc/net/rpc/nfs and nfsd. */
export function nfsScraper(config: ScraperConfigs['nfs'], tools: ScrapeTools): Scraper {
  const { files } = tools;
  const r = new Recorder('nfs', config.metrics, tools.version);
  const start = BigInt(Math.trunc(tools.clock.unixMs())) * 1_000_000n;
  const calls = (
    metric: string,
    key: string,
    version: number,
    names: readonly string[],
    n: number[],
  ) => {
    if (n.length < 2) throw new Error('found empty stats line');
    if (n.length - 1 !== n[0]) throw new Error('parsing nfs stats: unexpected field count');
    names.slice(0, n.length - 1).forEach((name, i) => {
      if (name !== '') r.add(metric, n[i + 1]!, { 'onc_rpc.version': version, [key]: name });
    });
  };
  const procedure = 'onc_rpc.procedure.name';
  const operation = 'nfs.operation.name';
  const needs = (n: readonly number[], count: number) => {
    if (n.length < count) throw new Error(`unexpected field count: ${n.length}`);
  };
  const net = (side: string, n: readonly number[]) => {
    needs(n, 4);
    r.add(`nfs.${side}.net.count`, n[1]!, { 'network.transport': 'udp' });
    r.add(`nfs.${side}.net.count`, n[2]!, { 'network.transport': 'tcp' });
    r.add(`nfs.${side}.net.tcp.connection.accepted`, n[3]!);
  };
  const client: Readonly<Record<string, (n: number[]) => void>> = {
    net: (n) => net('client', n),
    rpc(n) {
      needs(n, 3);
      r.add('nfs.client.rpc.count', n[0]!);
      r.add('nfs.client.rpc.retransmit.count', n[1]!);
      r.add('nfs.client.rpc.authrefresh.count', n[2]!);
    },
    proc3: (n) => calls('nfs.client.procedure.count', procedure, 3, procedures3, n),
    proc4: (n) => calls('nfs.client.operation.count', operation, 4, clientOperations4, n),
  };
  const server: Readonly<Record<string, (n: number[]) => void>> = {
    rc(n) {
      needs(n, 3);
      ['hit', 'miss', 'nocache'].forEach((status, i) => {
        r.add('nfs.server.repcache.requests', n[i]!, { 'nfs.server.repcache.status': status });
      });
    },
    fh: (n) => r.add('nfs.server.fh.stale.count', n[0]!),
    io(n) {
      needs(n, 2);
      r.add('nfs.server.io', n[0]!, { 'network.io.direction': 'receive' });
      r.add('nfs.server.io', n[1]!, { 'network.io.direction': 'transmit' });
    },
    th: (n) => r.add('nfs.server.thread.count', n[0]!),
    net: (n) => net('server', n),
    rpc(n) {
      needs(n, 5);
      ['format', 'auth', 'client'].forEach((type, i) => {
        r.add('nfs.server.rpc.count', n[i + 2]!, { 'error.type': type });
      });
    },
    proc3: (n) => calls('nfs.server.procedure.count', procedure, 3, procedures3, n),
    proc4: (n) => calls('nfs.server.procedure.count', procedure, 4, procedures4, n),
    proc4ops: (n) => calls('nfs.server.operation.count', operation, 4, serverOperations4, n),
  };
  const read = (path: string, parsers: typeof client) => {
    for (const line of files.lines(path)) {
      const [kind, ...rest] = line.trim().split(/\s+/);
      if (rest.length === 0) throw new Error(`invalid line in ${path}: ${line}`);
      const numbers = (kind === 'th' ? rest.slice(0, 1) : rest).map(Number);
      parsers[kind!]?.(numbers);
    }
  };
  return {
    scrape(builder, now) {
      const faults: string[] = [];
      attempt(faults, 'nfs client', () => read('/proc/net/rpc/nfs', client));
      attempt(faults, 'nfs server', () => read('/proc/net/rpc/nfsd', server));
      r.write(builder, start, now);
      return faults;
    },
  };
}
