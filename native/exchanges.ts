import { loadFastPath } from './load.ts';

/** Sockets that are followed in C; opaque. */
export interface ExchangesHandle {
  readonly handle: unique symbol;
}

/** 64-bit words of a slot, and where its fields are, in words of their own size (exchanges.h). */
export const Slot = {
  words: 10,
  /** Times are nanoseconds since the engine's base. */
  lastSeen: 0,
  /** When the request that waits began. */
  asked: 1,
  /** When the last part of the response's body came. */
  bodyEnd: 2,
  /** Bytes of the response after its first record. */
  continued: 3,
  /* 32 bits each. */
  socket: 8,
  state: 9,
  next: 10,
  acknowledged: 12,
  lastAcknowledged: 14,
  ordinal: 15,
  ports: 16,
  client: 17,
  idHigh: 18,
  idLow: 19,
} as const;

/** Where a socket's exchange is; `detached`: it is not plain any more, and not read here. */
export const SlotState = { free: 0, idle: 1, waiting: 2, answering: 3, detached: 4 } as const;

/** What a scan came to and goes by, as 64-bit words. */
export const Control = {
  words: 11,
  consumed: 0,
  rows: 1,
  out: 2,
  records: 3,
  captured: 4,
  uncaptured: 5,
  now: 6,
  spans: 7,
  pending: 8,
  room: 9,
  shift: 10,
} as const;

/** What a row of a scan tells: 32-bit words. */
export const Row = {
  words: 10,
  what: 0,
  /** -1 = none; of a slow record, the slot that is not plain any more. */
  slot: 1,
  record: 2,
  from: 3,
  to: 4,
  /** Offsets in the span of the attributes that hold chains; 0 = none. */
  requestChain: 5,
  responseChain: 6,
  /** Offset in the span, size and number of the template that it was written with. */
  template: 7,
  templateSize: 8,
  templateNumber: 9,
} as const;

/** Values of {@link Row}.what. */
export const RowKind = { slow: 0, request: 1, answer: 2, span: 3 } as const;

/** Functions of exchanges.c: plain HTTP/1 exchanges from records of calls to spans. */
export interface ExchangesAddon {
  /**
   * @param slots what is shared of each socket, see {@link Slot} @param control see {@link Control}
   * @param monotonicBase nanoseconds that times of records count from
   * @param baseSeconds seconds since 1970 that times in spans are relative to
   * @param seeds of the ids @param segments of paths in names of spans
   */
  open(
    slots: Float64Array,
    control: Float64Array,
    monotonicBase: bigint,
    baseSeconds: number,
    seeds: Uint32Array,
    segments: number,
  ): ExchangesHandle;
  /** From now on the socket of a slot is followed; its fields are filled, its template is set. */
  add(handle: ExchangesHandle, slot: number): void;
  /**
   * Templates of a slot are numbered from 1.
   * @param bytes attributes of each span of the slot, then the authority of its server
   */
  template(handle: ExchangesHandle, slot: number, bytes: Uint8Array, attributes: number): void;
  /**
   * The socket of a slot is not followed any more: its fields are as before the request that waits.
   * @returns the records of that request, and of its response, or nothing
   */
  release(handle: ExchangesHandle, slot: number): Buffer;
  /** The slot is free again. */
  remove(handle: ExchangesHandle, slot: number): void;
  /** Reads records of [from, length) until room for spans or rows is out. */
  scan(
    handle: ExchangesHandle,
    batch: Uint8Array,
    from: number,
    length: number,
    out: Uint8Array,
    outAt: number,
    rows: Int32Array,
  ): void;
}

/**
 * The addon, or undefined when it was not built or is switched off: WIRESTITCH_FAST_PATHS=off takes
 * the TypeScript twin, WIRESTITCH_NO_NATIVE=1 loads no native code.
 */
export function loadExchanges(): ExchangesAddon | undefined {
  return loadFastPath<ExchangesAddon>('exchanges').addon;
}
