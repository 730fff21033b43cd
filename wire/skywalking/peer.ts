import type { CheckedReader } from '../../pdata/proto/checked-reader.ts';
import type { Writer } from '../../pdata/proto/writer.ts';
import { digitsOf, intAttribute, ListTag, textAttribute } from './attributes.ts';
import { Slot, slotFields } from './tag-rules.ts';
import type { TagWriter } from './tags.ts';

const colon = 0x3a;
const comma = 0x2c;
const semicolon = 0x3b;

/** Whether there are several addresses in one text, as of a cluster. */
function isList(b: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) if (b[i] === comma || b[i] === semicolon) return true;
  return false;
}

/**
 * Writes an address: `host:port`, `[IPv6]:port`, a host alone, or a text of another form whole.
 * @returns false, with nothing written, when the slot of the address is taken
 */
export function writeAddress(
  w: Writer,
  tags: TagWriter,
  r: CheckedReader,
  from: number,
  to: number,
  addressSlot: number,
  portSlot: number,
): boolean {
  const b = r.bytes;
  let hostFrom = from;
  let hostTo = to;
  let last = to - 1;
  while (last >= from && b[last] !== colon) last -= 1;
  const port = last > from ? digitsOf(b, last + 1, to) : -1;
  const bracketed = b[from] === 0x5b && b[last - 1] === 0x5d;
  let first = from;
  while (first < last && b[first] !== colon) first += 1;
  const isPort = portSlot >= 0 && port > 0 && port < 65536;
  const split = isPort && (bracketed || first === last) && !isList(b, from, to);
  if (!tags.take(addressSlot)) return false;
  if (split) {
    hostFrom = bracketed ? from + 1 : from;
    hostTo = bracketed ? last - 1 : last;
  }
  textAttribute(w, ListTag.span, slotFields[addressSlot]!, r, hostFrom, hostTo);
  if (split && tags.take(portSlot)) intAttribute(w, ListTag.span, slotFields[portSlot]!, port);
  return true;
}

/** The slots of a peer's address: of a span of type Exit or of messaging the server, else the client. */
export function peerSlots(spanType: number, layer: number): readonly [number, number] {
  if (spanType === 1 || (spanType === 0 && layer === 4)) return serverSlots;
  return spanType === 0 ? clientSlots : peerAlone;
}

const serverSlots = [Slot.serverAddress, Slot.serverPort] as const;
const clientSlots = [Slot.clientAddress, Slot.clientPort] as const;
const peerAlone = [Slot.peer, -1] as const;
