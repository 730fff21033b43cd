import { z } from 'zod';
import type { TlsServerConfig } from '../../config/groups/tls.ts';
import { tlsServer } from '../../config/groups/tls.ts';
import { parseEndpoint } from '../../config/schema/index.ts';
import { lookUpEncoding } from '../../stanza/encoding.ts';
import { OperatorFault } from '../../stanza/fault.ts';
import { syslogFormat, syslogKeys } from '../../stanza/operators/syslog-parser.ts';
import { receiverKeys } from '../../stanza/receiver/keys.ts';
import { logSize } from '../../stanza/schema.ts';
import { multiline, splitterMaker, trimKeys } from '../../stanza/split.ts';

/** Largest UDP message, bytes. */
export const maxPacket = 64 * 1024;
const minLogSize = 64 * 1024;

const listenAddress = z.string().default('').describe('address to listen on, `host:port`');

const encoding = z.string().default('utf-8').describe('encoding of the messages');
const perPacket = z
  .boolean()
  .default(false)
  .describe('whether one packet (UDP) or connection (TCP) is one message');
const addAttributes = z
  .boolean()
  .default(false)
  .describe('attributes net.transport, net.peer.ip, .port, .name and net.host.ip, .port, .name');

const tcp = z.strictObject({
  listen_address: listenAddress,
  tls: tlsServer().optional().describe('TLS; absent = none'),
  max_log_size: logSize().prefault('1MiB').describe('longest message; at least 64KiB'),
  add_attributes: addAttributes,
  one_log_per_packet: perPacket,
  encoding,
  multiline: multiline().describe('messages of several lines'),
  ...trimKeys,
});

/** By default nothing is cut: a pattern that never matches. */
const udpMultiline = z
  .strictObject({
    line_start_pattern: z.string().default('').describe('pattern that every message begins with'),
    line_end_pattern: z.string().default('.^').describe('pattern that every message ends with'),
    omit_pattern: z.boolean().default(false).describe('whether the pattern is cut off'),
  })
  .prefault({});

const udp = z.strictObject({
  listen_address: listenAddress,
  add_attributes: addAttributes,
  one_log_per_packet: perPacket,
  encoding,
  multiline: udpMultiline.describe('several messages in a packet'),
  ...trimKeys,
  async: z
    .strictObject({
      readers: z.int().default(1).describe('accepted; packets are read by one thread here'),
      processors: z.int().default(1).describe('accepted; packets are parsed by one thread here'),
      max_queue_length: z.int().default(100).describe('packets that may wait for the pipeline'),
    })
    .optional()
    .describe('a queue between the socket and the parser'),
});

/** The section `tcp`; without `tls` plain text is taken. */
export type TcpConfig = z.output<typeof tcp> & { readonly tls?: TlsServerConfig | undefined };
/** The section `udp`. */
export type UdpConfig = z.output<typeof udp>;

const keys = z.strictObject({
  ...receiverKeys,
  ...syslogKeys,
  tcp: tcp.nullish().describe('messages over TCP; absent = none'),
  udp: udp.nullish().describe('messages over UDP; absent = none'),
  on_error: z
    .string()
    .default('send')
    .describe('messages that cannot be parsed: send, drop, send_quiet, drop_quiet'),
});

type Keys = z.output<typeof keys>;

function checkAddress(address: string, path: string[], ctx: z.RefinementCtx): void {
  if (address === '') {
    ctx.addIssue({ code: 'custom', path, message: "missing required parameter 'listen_address'" });
  } else if (parseEndpoint(address) === undefined) {
    const message = `failed to resolve listen_address: expected "host:port", got ${JSON.stringify(address)}`;
    ctx.addIssue({ code: 'custom', path, message });
  }
}

type Framed = Pick<TcpConfig, 'encoding' | 'multiline' | 'listen_address'>;

function checkListener(
  name: 'tcp' | 'udp',
  given: Framed,
  maxSize: number,
  ctx: z.RefinementCtx,
): void {
  checkAddress(given.listen_address, [name, 'listen_address'], ctx);
  const attempt = (key: string, step: () => void) => {
    try {
      step();
    } catch (error) {
      ctx.addIssue({ code: 'custom', path: [name, key], message: (error as Error).message });
    }
  };
  attempt('encoding', () => void lookUpEncoding(given.encoding));
  if (ctx.issues.length > 0) return;
  attempt('multiline', () => {
    const found = lookUpEncoding(given.encoding);
    splitterMaker({ encoding: found, multiline: given.multiline, flushAtEnd: true, maxSize });
  });
}

function check(config: Keys, ctx: z.RefinementCtx): void {
  const issue = (path: string[], message: string) =>
    ctx.addIssue({ code: 'custom', path, message });
  try {
    syslogFormat(config);
  } catch (error) {
    if (!(error instanceof OperatorFault)) throw error;
    issue(error.path.map(String), error.message);
  }
  if (!['send', 'drop', 'send_quiet', 'drop_quiet', ''].includes(config.on_error)) {
    issue(
      ['on_error'],
      `operator config has an invalid \`on_error\` field ${JSON.stringify(config.on_error)}`,
    );
  }
  const { tcp: overTcp, udp: overUdp } = config;
  if (!overTcp && !overUdp) issue([], 'need tcp config or udp config');
  if (overTcp) {
    if (overTcp.max_log_size < minLogSize) {
      issue(
        ['tcp', 'max_log_size'],
        `invalid value for parameter 'max_log_size', must be equal to or greater than ${minLogSize} bytes`,
      );
    }
    checkListener('tcp', overTcp, overTcp.max_log_size, ctx);
  }
  if (overUdp) {
    const framed = config.enable_octet_counting || config.non_transparent_framing_trailer;
    if (framed) {
      const key = config.enable_octet_counting
        ? 'enable_octet_counting'
        : 'non_transparent_framing_trailer';
      issue([key], 'octet_counting and non_transparent_framing is not compatible with UDP');
    }
    checkListener('udp', overUdp, maxPacket, ctx);
  }
}

/** Configuration of the receiver; durations in milliseconds, sizes in bytes. */
export const config = keys.superRefine(check);

/** The keys as they are decoded; `tcp`, `udp` or both are there. */
export type SyslogReceiverConfig = Keys;
