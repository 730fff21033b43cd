import { createHash } from 'node:crypto';
import { OttlRuntimeError } from '../../errors.ts';
import { defineFunction, literalOf, type OttlFunction } from '../types.ts';
import { isInNetwork, type Network, parseIp, parseNetwork } from './ip.ts';

const protocols: Readonly<Record<string, number>> = {
  ICMP: 1,
  TCP: 6,
  UDP: 17,
  RSVP: 46,
  ICMP6: 58,
  SCTP: 132,
};

interface End {
  readonly address: Uint8Array;
  readonly port: number;
}

function endOf(name: string, address: string, port: bigint): End {
  if (port < 0n || port > 65535n) {
    throw new OttlRuntimeError(`${name} port must be between 0 and 65535, got ${port}`);
  }
  const bytes = parseIp(address);
  if (bytes === undefined) throw new OttlRuntimeError(`invalid ${name} IP: ${address}`);
  return { address: bytes, port: Number(port) };
}

function comesFirst(a: End, b: End): boolean {
  if (a.address.length !== b.address.length) return a.address.length < b.address.length;
  const order = Buffer.compare(a.address, b.address);
  return order < 0 || (order === 0 && a.port <= b.port);
}

/** Community ID version 1 (https://github.com/corelight/community-id-spec). */
function communityId(source: End, destination: End, protocol: number, seed: number): string {
  const forward = comesFirst(source, destination);
  const [first, second] = forward ? [source, destination] : [destination, source];
  const numbers = Buffer.alloc(2);
  numbers.writeUInt16BE(seed);
  const tail = Buffer.alloc(6);
  tail[0] = protocol;
  tail.writeUInt16BE(first.port, 2);
  tail.writeUInt16BE(second.port, 4);
  const hash = createHash('sha1');
  hash.update(numbers).update(first.address).update(second.address).update(tail);
  return `1:${hash.digest('base64')}`;
}

function networkOf(text: string): Network {
  try {
    return parseNetwork(text);
  } catch (error) {
    throw new OttlRuntimeError((error as Error).message);
  }
}

/** CommunityID and IsInCIDR. */
export const networkConverters: readonly OttlFunction[] = [
  defineFunction({
    name: 'CommunityID',
    // named arguments are told apart in CamelCase, where these are SourceIP and DestinationIP
    parameters: [
      { name: 'source_i_p', type: 'string' },
      { name: 'source_port', type: 'int' },
      { name: 'destination_i_p', type: 'string' },
      { name: 'destination_port', type: 'int' },
      { name: 'protocol', type: 'string', optional: true },
      { name: 'seed', type: 'int', optional: true },
    ],
    make: (args) => {
      return (place) => {
        const source = endOf('source', args.source_i_p.get(place), args.source_port.get(place));
        const destination = endOf(
          'destination',
          args.destination_i_p.get(place),
          args.destination_port.get(place),
        );
        const name = args.protocol?.get(place) ?? 'TCP';
        const protocol = Object.hasOwn(protocols, name) ? protocols[name] : undefined;
        if (protocol === undefined) throw new OttlRuntimeError(`unsupported protocol: ${name}`);
        const seed = args.seed?.get(place) ?? 0n;
        if (seed < 0n || seed > 65535n) {
          throw new OttlRuntimeError(`seed must be between 0 and 65535, got ${seed}`);
        }
        return communityId(source, destination, protocol, Number(seed));
      };
    },
  }),
  defineFunction({
    name: 'IsInCIDR',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'networks', type: 'stringList' },
    ],
    make({ target, networks }) {
      // checked up to the first that is no literal
      const literals: Network[] = [];
      for (const getter of networks) {
        const text = literalOf(getter);
        if (text === undefined) break;
        literals.push(parseNetwork(text));
      }
      const known = literals.length === networks.length ? literals : undefined;
      return (place) => {
        const address = parseIp(target.get(place));
        if (address === undefined) return false;
        if (known !== undefined) return known.some((network) => isInNetwork(address, network));
        return networks.some((getter) => isInNetwork(address, networkOf(getter.get(place))));
      };
    },
  }),
];
