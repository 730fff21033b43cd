import type { AttributeGroup, AttributeMeaning, ShownAttribute } from '../contract/trace.ts';

/** Groups in the order in which they are shown, and the beginnings of the keys in each. */
const meanings: readonly (readonly [AttributeMeaning, readonly string[]])[] = [
  ['http', ['http.', 'url.', 'user_agent.', 'graphql.']],
  ['rpc', ['rpc.', 'grpc.']],
  ['database', ['db.', 'sql.', 'redis.', 'elasticsearch.']],
  ['messaging', ['messaging.', 'message.', 'cloudevents.']],
  ['genai', ['gen_ai.', 'llm.', 'openai.', 'mcp.']],
  ['exception', ['exception.', 'error.', 'otel.status_']],
  [
    'network',
    ['network.', 'net.', 'server.', 'client.', 'peer.', 'tls.', 'dns.', 'source.', 'destination.'],
  ],
  [
    'process',
    [
      'process.',
      'host.',
      'container.',
      'k8s.',
      'os.',
      'cloud.',
      'faas.',
      'thread.',
      'service.',
      'deployment.',
      'telemetry.',
      'device.',
      'aws.',
      'gcp.',
      'azure.',
      'code.',
    ],
  ],
  ['stitching', ['wirestitch.']],
];

/** What an attribute is about, by the first parts of its key. */
function meaningOf(key: string): AttributeMeaning {
  if (key === 'error') return 'exception';
  if (key.startsWith('wirestitch.db.') || /^wirestitch\.(mysql|redis)\./.test(key))
    return 'database';
  if (key.startsWith('wirestitch.dns.')) return 'network';
  const found = meanings.find(([, starts]) => starts.some((start) => key.startsWith(start)));
  return found?.[0] ?? 'other';
}

/** Attributes by meaning; within a group as given. Empty groups are left out. */
export function groupAttributes(attributes: readonly ShownAttribute[]): AttributeGroup[] {
  const groups = Map.groupBy(attributes, ({ key }) => meaningOf(key));
  const order: AttributeMeaning[] = [...meanings.map(([meaning]) => meaning), 'other'];
  return order.flatMap((meaning) => {
    const own = groups.get(meaning);
    return own === undefined ? [] : [{ meaning, attributes: own }];
  });
}
