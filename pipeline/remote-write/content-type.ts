import type { Version } from '../../wire/prometheus/remote-write/read.ts';

const versions: ReadonlyMap<string, Version> = new Map([
  ['prometheus.WriteRequest', 1],
  ['io.prometheus.write.v2.Request', 2],
]);

/**
 * The version that a Content-Type asks for: parameter `proto`, without it 1, as senders did before
 * there were two. https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/
 * @returns a text that says why it cannot be taken otherwise
 */
export function versionOf(contentType: string | undefined): Version | string {
  if (contentType === undefined || contentType.trim() === '') return 1;
  const [media = '', ...parameters] = contentType.split(';').map((part) => part.trim());
  const quoted = JSON.stringify(contentType.slice(0, 200));
  if (media.toLowerCase() !== 'application/x-protobuf') {
    return `cannot read Content-Type ${quoted}: expected application/x-protobuf`;
  }
  for (const parameter of parameters) {
    const [name, value, more] = parameter.split('=');
    if (value === undefined || more !== undefined) {
      return `cannot read Content-Type ${quoted}: a parameter is no name=value`;
    }
    if (name!.trim().toLowerCase() !== 'proto') continue;
    const known = versions.get(value.trim().replace(/^"(.*)"$/, '$1'));
    if (known !== undefined) return known;
    const expected = [...versions.keys()].join(', ');
    return `cannot read Content-Type ${quoted}: unknown message, expected one of ${expected}`;
  }
  return 1;
}
