import type { Message } from './message.ts';

/** What carries a conversation: a stream of bytes, or datagrams of one message or more. */
export type Transport = 'tcp' | 'udp';

/** 0: client to server, 1: server to client. */
export type Direction = 0 | 1;

/** What the first bytes of a side, or a datagram, look like to a protocol. */
export const Detection = {
  no: 0,
  /** Too few bytes to say; more of the stream is wanted (never for datagrams). */
  more: 1,
  request: 2,
  response: 3,
} as const;

/** What a protocol says of bytes, by its number. */
export type Detection = (typeof Detection)[keyof typeof Detection];

/** Why bytes or messages of a protocol were given up; names of counters. */
export type DropReason = 'malformed' | 'too_large' | 'duplicate_response' | 'late_response';

/** What a connection's parser tells of the messages it finds. */
export interface MessageSink {
  /**
   * A message has begun: its head is known. For a response the request that it answers is returned,
   * where one is known: the parser may need it (HEAD has no body).
   */
  begin(message: Message): Message | undefined;
  /** The last byte of a begun message was seen, or it was given up (`message.incomplete`). */
  end(message: Message): void;
  /**
   * Messages of a direction may have gone unseen: requests and responses cannot be matched by their
   * order any more until the connection was quiet.
   * @param sequence TCP sequence number at which the parser starts anew
   */
  lost(direction: Direction, sequence: number): void;
  /** Something was given up; it is counted. */
  drop(reason: DropReason): void;
}

/** The parser of one connection (or pair of UDP ports): both directions, with all their state. */
export interface Connection {
  /** Bytes [start, end) of a direction come next; for UDP they are one datagram. */
  data(
    direction: Direction,
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
  ): void;
  /** `length` bytes of the stream, from `sequence` on, were not captured. */
  gap(direction: Direction, length: number, sequence: number, time: number): void;
  /** Nothing more comes in this direction. */
  close(direction: Direction, time: number): void;
  /** Whether both directions are between two messages; absent = it cannot say. */
  idle?(): boolean;
}

/** Where a protocol writes what it knows of a session. */
export interface SpanFields {
  /** Span name: low cardinality. */
  name(name: string): void;
  string(key: string, value: string): void;
  int(key: string, value: number): void;
  bool(key: string, value: boolean): void;
  strings(key: string, values: readonly string[]): void;
  /**
   * The operation failed.
   * @param type low-cardinality value of `error.type`
   */
  error(type: string, message?: string): void;
}

/** What else a protocol may want to know when it describes a session. */
export interface DescribeOptions {
  /** The span is the client's (kind CLIENT): some errors are errors only there. */
  readonly client: boolean;
  /** Path segments kept in the span name; 0 = none. */
  readonly endpointSegments: number;
  readonly serverAddress: string;
  readonly serverPort: number;
  /** Values in statements and commands of databases are replaced by `?`. */
  readonly obfuscate: boolean;
}

/** How responses find their requests. */
export type Pairing = 'ordered' | 'keyed';

/**
 * One application protocol. A protocol is a folder: detection, parser, field mapping, tests. The
 * instance is shared by all connections and holds no state of theirs.
 */
export interface Protocol {
  /** Name in configuration and in `network.protocol.name`. */
  readonly name: string;
  readonly transports: readonly Transport[];
  /** Ports that it is usually served on: tried first there, and a hint who is the server. */
  readonly ports: readonly number[];
  /** Ports of look-alikes, on which it is not looked for. */
  readonly notPorts?: readonly number[];
  readonly pairing: Pairing;
  /** Nanoseconds that a request waits for its response. */
  readonly sessionTimeout: number;
  /**
   * Whether bytes [start, end) are the head of a message.
   * @param usual one of the two ports is one of `ports`
   */
  detect(
    b: Uint8Array,
    start: number,
    end: number,
    transport: Transport,
    usual: boolean,
  ): Detection;
  connect(sink: MessageSink, transport: Transport): Connection;
  /** Writes the attributes of a session; one of the two messages may be missing. */
  describe(
    request: Message | undefined,
    response: Message | undefined,
    options: DescribeOptions,
    out: SpanFields,
  ): void;
  /** One line for people: what was asked (`GET example.com/a`) and what came back (`200`). */
  summarize(request: Message | undefined, response: Message | undefined): Summary;
}

/** Texts for one line; '' where there is nothing to say, '?' for a request not seen. */
export interface Summary {
  readonly operation: string;
  readonly resource: string;
  readonly result: string;
}
