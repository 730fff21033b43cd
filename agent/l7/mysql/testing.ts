/** Packets of the protocol for tests, byte by byte. */
import { bytes } from '../../testing/frames.ts';

type Part = Uint8Array | string | readonly number[];

/** A number as `size` bytes, lowest first. */
export function le(n: number, size: number): number[] {
  return Array.from({ length: size }, (_, i) => Math.floor(n / 256 ** i) & 255);
}

/** Header of four bytes and payload. */
export function packet(sequenceId: number, ...payload: Part[]): Uint8Array {
  const body = bytes(...payload);
  return bytes(le(body.length, 3), [sequenceId & 255], body);
}

/** A length-encoded string, of less than 64 KiB. */
export function lenenc(text: string): Uint8Array {
  const body = Buffer.from(text);
  if (body.length < 251) return bytes([body.length], body);
  return bytes([0xfc, ...le(body.length, 2)], body);
}

/** Capability flags by their bits, those that tests need. */
export const Flags = {
  db: 8,
  compress: 0x20,
  protocol41: 0x200,
  ssl: 0x800,
  secure: 0x8000,
  deprecateEof: 1 << 24,
  zstd: 1 << 26,
  attributes: 1 << 27,
} as const;

const ALL = 0xffffffff;

/** @param flags capabilities of the server */
export function greeting(version = '8.0.36', flags: number = ALL, extended = 0): Uint8Array {
  return packet(
    0,
    [10],
    version,
    [0, 1, 0, 0, 0],
    'abcdefgh',
    [0, ...le(flags & 0xffff, 2), 0xff, 2, 0, ...le(flags >>> 16, 2), 21, 0, 0, 0, 0, 0, 0],
    le(extended, 4),
    'ijklmnopqrst',
    [0],
    'mysql_native_password',
    [0],
  );
}

/** HandshakeResponse41 without a real password; `extended` makes it MariaDB's. */
export function login(flags: number, database = '', extended = 0): Uint8Array {
  const head = [...le((flags | Flags.protocol41 | 1) >>> 0, 4), 0, 0, 0, 1, 45];
  if (extended !== 0) head[0]! &= 0xfe;
  return packet(
    1,
    head,
    new Uint8Array(19),
    le(extended, 4),
    'someuser',
    [0],
    (flags & Flags.secure) !== 0 ? bytes([4], 'hash') : [0],
    database === '' ? [] : bytes(database, [0]),
  );
}

/** SSLRequest: the head of a login, after which TLS begins. */
export function tlsRequest(): Uint8Array {
  const flags = Flags.protocol41 | Flags.ssl | 1;
  return packet(1, [...le(flags, 4), 0, 0, 0, 1, 45], new Uint8Array(23));
}

/** COM_QUERY. */
export function query(sql: string): Uint8Array {
  return packet(0, [3], sql);
}

/** An OK packet; `status` has the server's flags, 8 = more results follow. */
export function ok(id = 1, affected = 0, status = 2): Uint8Array {
  return packet(id, [0, affected, 0, ...le(status, 2), 0, 0]);
}

/** An EOF packet of before CLIENT_DEPRECATE_EOF. */
export function eof(id: number, status = 2): Uint8Array {
  return packet(id, [0xfe, 0, 0, ...le(status, 2)]);
}

/** An ERR packet; `state` is five characters of SQLSTATE. */
export function error(id: number, code: number, state: string, text: string): Uint8Array {
  return packet(id, [0xff, ...le(code, 2)], `#${state}`, text);
}

/** A column definition (ColumnDefinition41) of type VAR_STRING. */
export function column(id: number, name: string): Uint8Array {
  const texts = ['def', 'd', 't', 't', name, name].map(lenenc);
  return packet(id, ...texts, [12, 45, 0, 0, 1, 0, 0, 253, 0, 0, 0, 0, 0]);
}

/** A result set with EOFs, or where those are deprecated with an OK at its end. */
export function rows(
  count: number,
  deprecateEof: boolean,
  options: { readonly from?: number; readonly status?: number; readonly width?: number } = {},
): Uint8Array {
  const { from = 1, status = 2, width = 3 } = options;
  let id = from;
  const parts = [packet(id++, [2]), column(id++, 'a'), column(id++, 'b')];
  if (!deprecateEof) parts.push(eof(id++));
  for (let i = 0; i < count; i++) {
    parts.push(packet(id++, lenenc(`${i}`), lenenc('v'.repeat(width))));
  }
  if (deprecateEof) parts.push(packet(id++, [0xfe, 0, 0, ...le(status, 2), 0, 0]));
  else parts.push(eof(id++, status));
  return bytes(...parts);
}

/** The answer to COM_STMT_PREPARE: its OK, then definitions of parameters and of columns. */
export function prepared(
  id: number,
  parameters: number,
  columns: number,
  deprecateEof: boolean,
): Uint8Array {
  let sequence = 1;
  const head = [0, ...le(id, 4), ...le(columns, 2), ...le(parameters, 2), 0, 0, 0];
  const parts = [packet(sequence++, head)];
  for (const count of [parameters, columns]) {
    for (let i = 0; i < count; i++) parts.push(column(sequence++, `c${i}`));
    if (count > 0 && !deprecateEof) parts.push(eof(sequence++));
  }
  return bytes(...parts);
}

/** COM_STMT_PREPARE. */
export function prepare(sql: string): Uint8Array {
  return packet(0, [0x16], sql);
}

/** COM_STMT_EXECUTE of a statement with one parameter, a text. */
export function execute(id: number, value = 'value'): Uint8Array {
  return packet(0, [0x17, ...le(id, 4), 0, 1, 0, 0, 0, 0, 1, 253, 0], lenenc(value));
}
