/** Requests and responses of a capture as tshark reads them, paired without our own code. */
import { tshark } from './capture.ts';

/** One exchange. A number or time that tshark does not tell is ''. */
export interface Exchange {
  readonly client: string;
  readonly clientPort: number;
  readonly server: string;
  readonly serverPort: number;
  readonly transport: string;
  /** HTTP: method and target; DNS: type and name. */
  readonly what: string;
  /** HTTP: status code; DNS: response code. */
  readonly result: string;
  readonly requestSequence: string;
  readonly responseSequence: string;
  /** Nanoseconds since 1970: the request's first packet and the last of both messages. */
  readonly start: string;
  readonly end: string;
}

/** Nanoseconds of "seconds.fraction". */
function nanos(epoch: string): string {
  const [seconds = '', fraction = ''] = epoch.split('.');
  return `${seconds}${fraction.padEnd(9, '0')}`;
}

/** The later of two times of one length; '' when one is not known. */
function later(a: string, b: string): string {
  if (a === '' || b === '') return '';
  return a > b ? a : b;
}

interface Packet {
  readonly sequence: string;
  readonly time: string;
}

/** A message of HTTP; `first` is undefined when it shares packets with others. */
interface Message {
  readonly values: readonly string[];
  readonly first: Packet | undefined;
  readonly time: string;
}

const ends = ['tcp.stream', 'ip.src', 'ipv6.src', 'tcp.srcport', 'ip.dst', 'ipv6.dst'];
const head = ['frame.number', ...ends, 'tcp.dstport', 'frame.time_epoch', 'tcp.segment'];

/** Messages by stream, in the order of the stream. */
function messages(
  rows: readonly string[][],
  packets: ReadonlyMap<string, Packet>,
): Map<string, Message[]> {
  const streams = new Map<string, Message[]>();
  for (const row of rows) {
    const [frame = '', stream = ''] = row;
    const lists = row.slice(head.length).map((field) => field.split(','));
    const count = lists[0]!.length;
    const segments = row[head.length - 1]!.split(',');
    const first = segments[0] || frame;
    // What the end of the connection ends is shown at a packet without payload.
    const last = packets.has(frame) ? frame : segments.at(-1)!;
    const list = streams.get(stream) ?? [];
    streams.set(stream, list);
    for (let i = 0; i < count; i++) {
      const values = [...row.slice(2, head.length - 2), ...lists.map((l) => l[i] ?? '')];
      const alone = count === 1;
      list.push({
        values,
        first: alone ? packets.get(first) : undefined,
        time: alone ? (packets.get(last)?.time ?? '') : '',
      });
    }
  }
  return streams;
}

/**
 * The HTTP/1 exchanges of a file: the n-th final response of a connection belongs to its n-th
 * request, as RFC 9112 section 9.3 says.
 * @param cut each response is one packet, whose head does not end
 */
export function httpExchanges(file: string, cut = false): Exchange[] {
  const packets = new Map<string, Packet>();
  const options = [`tcp.desegment_tcp_streams:${cut ? 'FALSE' : 'TRUE'}`];
  const numbers = ['frame.number', 'tcp.seq', 'frame.time_epoch'];
  for (const [frame, sequence, time] of tshark(file, 'tcp.len > 0', numbers)) {
    packets.set(frame!, { sequence: sequence!, time: nanos(time!) });
  }
  const asked = [...head, 'http.request.method', 'http.request.uri'];
  const told = [...head, 'http.response.code'];
  const requests = messages(tshark(file, 'http.request', asked, options), packets);
  const responses = messages(tshark(file, 'http.response', told, options), packets);
  const exchanges: Exchange[] = [];
  for (const [stream, list] of requests) {
    const final = (responses.get(stream) ?? []).filter((r) => r.values.at(-1) !== '100');
    for (const [i, request] of list.entries()) {
      const [source, source6, port, target, target6, serverPort, method, uri] = request.values;
      const response = final[i];
      exchanges.push({
        client: source || source6!,
        clientPort: Number(port),
        server: target || target6!,
        serverPort: Number(serverPort),
        transport: 'tcp',
        what: `${method} ${uri}`,
        result: response?.values.at(-1) ?? '',
        requestSequence: request.first?.sequence ?? '',
        responseSequence: response?.first?.sequence ?? '',
        start: request.first?.time ?? '',
        end: later(request.time, response?.time ?? ''),
      });
    }
  }
  return exchanges;
}

const types: Readonly<Record<string, string>> = {
  1: 'A',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
};
const codes: Readonly<Record<string, string>> = {
  0: 'NOERROR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  5: 'REFUSED',
};

const dnsEnds = ['ip.src', 'ipv6.src', 'ip.dst', 'ipv6.dst', 'udp.srcport', 'udp.dstport'];
const dnsFields = [
  ...['frame.number', 'dns.response_to', ...dnsEnds, 'tcp.srcport', 'tcp.dstport', 'tcp.seq'],
  ...['frame.time_epoch', 'dns.qry.type', 'dns.qry.name', 'dns.flags.rcode'],
];

/** The DNS exchanges of a file, paired by tshark (dns.response_to); unanswered ones, too. */
export function dnsExchanges(file: string): Exchange[] {
  const answers = new Map<string, string[]>();
  for (const row of tshark(file, 'dns.flags.response == 1', dnsFields)) answers.set(row[1]!, row);
  return tshark(file, 'dns.flags.response == 0', dnsFields).map((query) => {
    const [frame = '', , source, source6, target, target6, udp, udpTo, tcp, tcpTo] = query;
    const [sequence = '', time = '', type = '', name = ''] = query.slice(10);
    const answer = answers.get(frame);
    const code = answer?.[14] ?? '';
    return {
      client: source || source6!,
      clientPort: Number(udp || tcp),
      server: target || target6!,
      serverPort: Number(udpTo || tcpTo),
      transport: udp === '' ? 'tcp' : 'udp',
      what: `${types[type] ?? type} ${name}`,
      result: codes[code] ?? code,
      requestSequence: sequence,
      responseSequence: answer?.[10] ?? '',
      start: nanos(time),
      end: nanos(answer?.[11] ?? time),
    };
  });
}
