import { u16be } from '../../bytes.ts';
import {
  type Connection,
  Detection,
  type MessageSink,
  type Protocol,
  type Transport,
} from '../protocol.ts';
import { DnsConnection } from './connection.ts';
import { describeDns, summarizeDns } from './describe.ts';
import { DnsParser } from './message.ts';

const HEADER = 12;
/** Message with one question for the root; what is waited for on a port that nobody expects. */
const SHORTEST = HEADER + 5;
const LONGEST = 4096;

/** DNS over UDP and TCP (RFC 1035, RFC 7766). Multicast DNS and NetBIOS names are not taken. */
export function dns(): Protocol {
  const parser = new DnsParser();

  function detect(
    b: Uint8Array,
    start: number,
    end: number,
    transport: Transport,
    usual: boolean,
  ): Detection {
    let from = start;
    let to = end;
    if (transport === 'tcp') {
      // A message may come in pieces. On another port only the length alone is waited for, as
      // servers read it: any other piece would match anything.
      if (end - start < 2 + HEADER) {
        return usual || isLength(b, start, end) ? Detection.more : Detection.no;
      }
      from = start + 2;
      to = from + u16be(b, start);
      if (to - from < HEADER) return Detection.no;
      if (to > end) return usual ? byHeader(b, from) : Detection.no;
    }
    const message = parser.parse(b, from, to, 0, 0, 0, !usual);
    if (message === undefined) return Detection.no;
    return message.isRequest ? Detection.request : Detection.response;
  }

  return {
    name: 'dns',
    transports: ['udp', 'tcp'],
    ports: [53],
    notPorts: [137, 5353, 5355],
    pairing: 'keyed',
    sessionTimeout: 15e9,
    detect,
    connect: (sink: MessageSink, transport: Transport): Connection =>
      new DnsConnection(sink, parser, transport),
    describe: describeDns,
    summarize: summarizeDns,
  };
}

function isLength(b: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 2) return false;
  const length = u16be(b, start);
  return length >= SHORTEST && length <= LONGEST;
}

/** A long message whose end has not come: one question and a known opcode must do. */
function byHeader(b: Uint8Array, at: number): Detection {
  const flags = u16be(b, at + 2);
  if (u16be(b, at + 4) !== 1 || ((flags >> 11) & 15) > 6) return Detection.no;
  return (flags & 0x8000) === 0 ? Detection.request : Detection.response;
}
