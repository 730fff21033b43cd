/** What the other end of a call is called when it sends no spans. */
import { isIP } from 'node:net';
import type { NodeType } from './model.ts';
import type { PeerCalls } from './peer-rows.ts';

/** The other end of a call; '' where its attributes do not say. */
export interface Peer {
  readonly type: NodeType;
  readonly name: string;
  readonly system: string;
  /** `host:port`, by which capture may know who that is; '' = not known. */
  readonly address: string;
}

/**
 * A database or a queue by its system, anything else by where it is. Names in this order: database:
 * peer.service, host and port, database, system; queue: destination, peer.service, host, system;
 * others: peer.service, host (with the port, unless it is 80 or 443 of a host name).
 * @returns undefined when the span says nothing of the other end
 */
export function peerOf(calls: PeerCalls): Peer | undefined {
  const { db, mq, peerService, namespace, destination } = calls;
  const address = withPort(calls.host, calls.port);
  if (mq !== '') {
    return {
      type: 'queue',
      name: first(destination, peerService, address, mq),
      system: mq,
      address,
    };
  }
  if (db !== '') {
    return {
      type: 'database',
      name: first(peerService, address, namespace, db),
      system: db,
      address,
    };
  }
  const none = { system: '', address };
  if (peerService !== '') return { type: 'external', name: peerService, ...none };
  if (calls.host === '') return undefined;
  if (isIP(calls.host) !== 0) return { type: 'address', name: address, ...none };
  const usual = calls.port === 80 || calls.port === 443;
  return { type: 'external', name: usual ? calls.host : address, ...none };
}

/** `host:port`, brackets around IPv6; the host alone where the port is 0. */
export function withPort(host: string, port: number): string {
  if (host === '' || port === 0) return host;
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether a name is nothing but an address, with or without a port. */
export function isAddress(name: string): boolean {
  if (isIP(name) !== 0) return true;
  const match = /^(?:\[([^\]]+)\]|([^:]+)):\d{1,5}$/.exec(name);
  return match !== null && isIP(match[1] ?? match[2] ?? '') !== 0;
}

/** The first label of a name within a Kubernetes cluster: `cart` of `cart.shop.svc.cluster.local`. */
export function clusterService(host: string): string | undefined {
  return /^([a-z0-9-]+)\.[a-z0-9-]+\.svc(?:\.[a-z0-9.-]+)?(?::\d+)?$/.exec(host)?.[1];
}

function first(...names: readonly string[]): string {
  return names.find((name) => name !== '') ?? '';
}
