import { latin1 } from '../../bytes.ts';
import { Detection } from '../protocol.ts';
import { isKnown } from './commands.ts';

const COMMAND = /^\*(\d{1,7})\r\n\$(\d{1,3})\r\n([A-Za-z][\w.-]*)(\r\n)?/;
const COMMAND_BEGINS =
  /^\*(?:\d{1,7}(?:\r(?:\n(?:\$(?:\d{1,3}(?:\r(?:\n(?:[A-Za-z][\w.-]*\r?)?)?)?)?)?)?)?)?$/;
/** A command in plain words; not the first line of an HTTP request (`GET / HTTP/1.1`). */
const INLINE = /^([A-Za-z]+)(?! [^\r\n]* HTTP\/\d\.\d\r)(?: [^\r\n]*)?\r\n/;
const REPLY = /^(?:[+-][A-Za-z][^\r\n]*|:-?\d{1,20}|[$*~>%]-?\d{1,10}|_|#[tf])\r\n/;
const HEAD = 80;

/**
 * Whether bytes begin with a command or a reply. Elsewhere than on a usual port only a known
 * command counts: replies look like those of other protocols.
 */
export function detectRedis(b: Uint8Array, start: number, end: number, usual: boolean): Detection {
  const text = latin1(b, start, Math.min(end, start + HEAD));
  const command = COMMAND.exec(text);
  if (command !== null && isCommand(command, usual)) return Detection.request;
  if (COMMAND_BEGINS.test(text) && text.length < HEAD) {
    return text.length > 1 || usual ? Detection.more : Detection.no;
  }
  if (!usual) return Detection.no;
  const inline = INLINE.exec(text);
  if (inline !== null && isKnown(inline[1]!.toUpperCase())) return Detection.request;
  return REPLY.test(text) ? Detection.response : Detection.no;
}

function isCommand(m: RegExpExecArray, usual: boolean): boolean {
  const length = Number(m[2]);
  const name = m[3]!;
  if (Number(m[1]) === 0 || name.length !== length || m[4] === undefined) return false;
  return isKnown(name.toUpperCase()) || (usual && name.includes('.'));
}

/** Whether bytes after a loss begin with a command. */
export function isCommandHead(b: Uint8Array, start: number, end: number): boolean {
  const m = COMMAND.exec(latin1(b, start, Math.min(end, start + HEAD)));
  return m !== null && isCommand(m, true);
}

/** Whether bytes after a loss begin with a reply. */
export function isReplyHead(b: Uint8Array, start: number, end: number): boolean {
  return REPLY.test(latin1(b, start, Math.min(end, start + 512)));
}
