/** The ends of a socket of node:net. */
export interface SocketPeer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** An IPv4 address that a listener for IPv6 got as `::ffff:1.2.3.4`, without that; others as is. */
export function plainHost(address: string): string {
  const isMapped = address.includes('.') && address.toLowerCase().startsWith('::ffff:');
  return isMapped ? address.slice('::ffff:'.length) : address;
}

/** IP address of the other end, IPv6 without brackets; '' for a Unix socket. */
export function peerHost({ remoteAddress }: SocketPeer): string {
  return plainHost(remoteAddress ?? '');
}

/** `host:port` of the other end, IPv6 in brackets; '' for a Unix socket. */
export function peerAddress(peer: SocketPeer): string {
  const host = peerHost(peer);
  if (host === '') return '';
  return `${host.includes(':') ? `[${host}]` : host}:${peer.remotePort ?? 0}`;
}
