import { type FlatSpan, point, requestChain, type Value } from './capture.ts';

/** What became of the outbound requests of one kind. */
export interface Verdict {
  /** Inbound requests and outbound ones that have spans. */
  inbound: number;
  outbound: number;
  /** Outbound requests whose chain is that of the inbound request with the same token. */
  right: number;
  none: number;
  wrong: number;
}

/**
 * Judges the links of a service by the tokens in its requests' query, which nothing else reads.
 * @param port of the service @param backend port that it calls
 */
export function judge(
  spans: readonly FlatSpan[],
  port: number,
  backend: number,
): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  const tokenOf = new Map<Value, string>();
  const of = (path: string): Verdict => {
    const way = path.split('/').filter((part) => part !== 'b' && part !== '')[0] ?? '';
    let verdict = verdicts.get(way);
    if (verdict === undefined) {
      verdict = { inbound: 0, outbound: 0, right: 0, none: 0, wrong: 0 };
      verdicts.set(way, verdict);
    }
    return verdict;
  };
  for (const { attributes: a } of spans) {
    if (a[point] !== 'server_process' || a['server.port'] !== port) continue;
    of(String(a['url.path'])).inbound++;
    const chain = a[requestChain];
    if (chain === undefined) continue;
    if (tokenOf.has(chain)) throw new Error(`two inbound requests have the chain ${chain}`);
    tokenOf.set(chain, String(a['url.query']));
  }
  for (const { attributes: a } of spans) {
    if (a[point] !== 'client_process' || a['server.port'] !== backend) continue;
    const verdict = of(String(a['url.path']));
    verdict.outbound++;
    const chain = a[requestChain];
    const token = chain === undefined ? undefined : tokenOf.get(chain);
    if (token === undefined) verdict.none++;
    else if (token === String(a['url.query'])) verdict.right++;
    else verdict.wrong++;
  }
  return verdicts;
}

export function verdictTable(verdicts: ReadonlyMap<string, Verdict>): string {
  return [...verdicts]
    .map(
      ([way, v]) =>
        `${way}: in ${v.inbound} out ${v.outbound} right ${v.right} none ${v.none} wrong ${v.wrong}`,
    )
    .join('\n');
}
