import { Detection } from '../protocol.ts';
import { Command, isCommandLength } from './commands.ts';
import { parseGreeting } from './login.ts';
import { lengthAt } from './packets.ts';

const SQL =
  /^\s*(?:\/\*|--|#|\(?\s*(?:select|insert|update|delete|replace|set|show|use|begin|start|commit|rollback|create|drop|alter|truncate|call|with|desc|describe|explain|grant|revoke|lock|unlock|load|do|prepare|execute|deallocate|analyze|optimize|flush|kill|savepoint|release|xa|table|values)\b)/i;

/**
 * Whether bytes begin with a greeting, a login or a command.
 * @param usual on a usual port commands without a statement count too, and errors at the start
 */
export function detectMysql(b: Uint8Array, start: number, end: number, usual: boolean): Detection {
  if (end - start < 5) return usual ? Detection.more : Detection.no;
  const length = lengthAt(b, start);
  const id = b[start + 3]!;
  const first = b[start + 4]!;
  const whole = start + 4 + length <= end;
  if (id === 0 && first === 10 && whole) {
    if (parseGreeting(b, start + 4, start + 4 + length) !== undefined) return Detection.response;
  }
  if (id === 0 && first === 0xff && usual && length > 8 && start + 4 + length === end) {
    return isText(b, start + 7, end) ? Detection.response : Detection.no;
  }
  if (usual && !whole && isBeginning(id, first, length, end - start)) return Detection.more;
  if (isLogin(b, start, end, length, id)) return Detection.request;
  if (isClientHead(b, start, end, usual)) return Detection.request;
  if (frameKind(b, start, end, usual) !== '') return Detection.request;
  return Detection.no;
}

/** Whether this may be the beginning of a greeting, or of a command too short to tell yet. */
function isBeginning(id: number, first: number, length: number, seen: number): boolean {
  if (id !== 0) return false;
  return first === 10 ? length < 512 : seen < 32 && isCommandLength(first, length);
}

/**
 * Whether a command begins here.
 * @param lenient commands without a statement, and packets that go on in the next segment
 */
export function isClientHead(b: Uint8Array, start: number, end: number, lenient: boolean): boolean {
  if (end - start < 5 || b[start + 3] !== 0) return false;
  const length = lengthAt(b, start);
  const command = b[start + 4]!;
  if (!isCommandLength(command, length)) return false;
  const stop = start + 4 + length;
  if (command === Command.query || command === Command.prepare) {
    const attributes = command === Command.query && b[start + 5] === 0 && b[start + 6] === 1;
    return (lenient || stop <= end || length > 1000) && isSql(b, start + (attributes ? 7 : 5), end);
  }
  if (!lenient) return false;
  // Several short commands may share a segment; long ones go on in the next.
  if (command === Command.execute || command === Command.bulkExecute) return true;
  if (command === Command.sendLongData) return true;
  return stop === end || (stop + 5 <= end && b[stop + 3] === 0);
}

/** A login: capabilities of protocol 4.1, a sequence id after the greeting's, 19 zero bytes. */
function isLogin(b: Uint8Array, start: number, end: number, length: number, id: number): boolean {
  if ((id !== 1 && id !== 2) || length < 32 || end - start < 36) return false;
  if ((b[start + 5]! & 2) === 0) return false;
  for (let i = start + 13; i < start + 32; i++) if (b[i] !== 0) return false;
  return start + 4 + length === end;
}

/**
 * Whether a compressed frame with a command begins here: `zlib`, `zstd`, or '' = no. A frame that
 * is not compressed, since it is short, counts as zlib.
 */
export function frameKind(
  b: Uint8Array,
  start: number,
  end: number,
  usual: boolean,
): '' | 'zlib' | 'zstd' {
  if (end - start < 12 || b[start + 3] !== 0) return '';
  if (start + 7 + lengthAt(b, start) !== end) return '';
  const plain = lengthAt(b, start + 4);
  const inner = start + 7;
  if (plain === 0) {
    const fits = inner + 4 + lengthAt(b, inner) === end;
    return fits && isClientHead(b, inner, end, usual) ? 'zlib' : '';
  }
  if (!usual || plain < end - inner) return '';
  if (b[inner] === 0x78 && ((b[inner]! << 8) | b[inner + 1]!) % 31 === 0) return 'zlib';
  const zstd = b[inner] === 0x28 && b[inner + 1] === 0xb5 && b[inner + 2] === 0x2f;
  return zstd && b[inner + 3] === 0xfd ? 'zstd' : '';
}

function isSql(b: Uint8Array, start: number, end: number): boolean {
  let text = '';
  for (let i = start; i < end && i < start + 24; i++) text += String.fromCharCode(b[i]!);
  return SQL.test(text);
}

function isText(b: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (b[i]! < 0x20) return false;
  return end > start;
}
