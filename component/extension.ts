import type { Component } from './component.ts';
import type { ClientInfo } from './consumer.ts';

/** Small durable values: checkpoints, cursors. */
export interface KeyValueStore {
  get(key: string): Promise<Uint8Array | undefined>;
  set(key: string, value: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * `data`: a batch as it was taken; `sealed`: the final bytes of an insert, replayed as they are.
 */
export type RecordType = 'data' | 'sealed';

/** A record that was appended and not acknowledged. */
export interface LogRecord {
  /** Rises by one with each record of a log. */
  readonly position: number;
  readonly type: RecordType;
  readonly payload: Uint8Array;
}

/** The front of a record. */
export interface LogRecordHead {
  readonly position: number;
  readonly type: RecordType;
  /** Of the whole payload. */
  readonly bytes: number;
  /** The payload's first bytes: all of them, or at least 64. */
  readonly head: Uint8Array;
}

/**
 * A durable log of records with out-of-order acknowledgement: the disk side of a queue.
 * A record is durable against kill -9 when append resolves.
 */
export interface RecordLog {
  /** Unacknowledged records found at open, oldest first; once. Nothing is read again for it. */
  recovered(): Iterable<LogRecordHead>;
  /**
   * Writes one record; `acks` are acknowledged in the same atomic write (a sealed batch replaces
   * its data records). Rejects with PipelineError, retryable, when the disk is full or `max_bytes`
   * is reached. @returns its position
   */
  append(
    type: RecordType,
    payload: readonly Uint8Array[],
    acks?: readonly number[],
  ): Promise<number>;
  ack(positions: readonly number[]): Promise<void>;
  /** Reads back one unacknowledged record. */
  read(position: number): Promise<LogRecord>;
  /** Bytes of unacknowledged records. */
  readonly bytes: number;
  close(): Promise<void>;
}

/** What `storage: <extension id>` of a component names. */
export interface StorageProvider {
  /** @param owner unique and stable name, e.g. `exporter_otlp_grpc_x_traces` */
  keyValue(owner: string): Promise<KeyValueStore>;
  log(owner: string): Promise<RecordLog>;
}

/** A ClickHouse HTTP endpoint that an extension owns or knows. */
export interface EngineEndpoint {
  /** http://host:port */
  readonly url: string;
  /** Unix socket that serves the same interface. */
  readonly socketPath?: string;
  readonly username: string;
  readonly password: string;
  /** Whether `password` was made up at this start: then it is told to whoever started it. */
  readonly passwordGenerated?: boolean;
  /**
   * Resolves when no statement with this query id runs any more (stopped if need be), so that its
   * outcome is final.
   */
  endQuery(queryId: string): Promise<void>;
}

/** Headers or metadata of a request: name in lower case -> values. */
export type HeaderMap = ReadonlyMap<string, readonly string[]>;

/** What an authenticator says of a client, by name; goes into `ctx.client.auth`. */
export type AuthData = Readonly<Record<string, unknown>>;

/** What `auth: {authenticator: <extension id>}` of a server names. */
export interface ServerAuth {
  /**
   * `WWW-Authenticate` for a browser, which then asks its user; absent = nothing that a browser can
   * answer. Only servers of pages send it.
   */
  readonly challenge?: string;
  /**
   * Decides before a request is looked at. At once where it can: a promise only when something has
   * to be fetched or computed elsewhere.
   * @param remote `host:port` of the client
   * @returns what is known of the client, undefined for nothing
   * @throws Error (or rejects) whose message the client is told: 401, UNAUTHENTICATED
   */
  authenticate(
    headers: HeaderMap,
    remote: string,
  ): AuthData | undefined | Promise<AuthData | undefined>;
}

/** A request that is about to be sent. */
export interface OutgoingRequest {
  /** Its headers, names in lower case; empty for gRPC, where those of the client are added later. */
  readonly headers: ReadonlyMap<string, string>;
  /** Who sent the data in it; undefined where that is not known or several did. */
  readonly client: ClientInfo | undefined;
}

/** Headers to set (name in lower case, value) or, with undefined, to take away. */
export type HeaderChanges = readonly (readonly [name: string, value: string | undefined])[];

/** What `auth: {authenticator: <extension id>}` of a client names. */
export interface ClientAuth {
  /** Whether a gRPC connection without TLS is refused. */
  readonly needsTls: boolean;
  /**
   * What one request carries, asked for each. The same array as before while nothing changed spares
   * encoding it again.
   * @throws Error (or rejects) when there are no credentials now; the request is tried again later
   */
  headers(request: OutgoingRequest): HeaderChanges | Promise<HeaderChanges>;
}

/** What an extension offers to components that name it. */
export interface Capabilities {
  readonly storage?: StorageProvider;
  readonly engine?: EngineEndpoint;
  readonly serverAuth?: ServerAuth;
  readonly clientAuth?: ClientAuth;
}

/** A component beside the pipelines. Extensions start before every pipeline and stop after. */
export interface Extension extends Component {
  readonly capabilities: Capabilities;
  /** Called when all pipelines run. */
  ready?(): Promise<void>;
  /** Called before pipelines stop. */
  notReady?(): Promise<void>;
}
