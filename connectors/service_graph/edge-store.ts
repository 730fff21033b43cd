import { grown } from '../../pipeline/grown.ts';
/** How two services are connected; `label` is what metrics say. */
export const Connection = { direct: 0, messaging: 1, database: 2, virtual: 3 } as const;

/** Values of label `connection_type`, by {@link Connection}. */
export const connectionLabels = ['', 'messaging_system', 'database', 'virtual_node'] as const;

/** What an edge is known by. */
export const EdgeKind = {
  /** Trace and span id of the client. */
  request: 0,
  /** A consumer that waits for the producer whose trace and span id these are. */
  pendingConsumer: 1,
} as const;

const idBytes = 24;

/**
 * Requests of which one side was seen, by trace id and the client's span id, in the order in which
 * they came. Numbers stand in typed arrays, texts in lists; freed places are used again.
 *
 *     heads   [ - | 4 | - | 2 ... ]    last edge + 1 of each bucket, chained by `before`
 *     older/newer                      the order of arrival, for expiry
 */
export class EdgeStore {
  size = 0;
  kinds = new Uint8Array(64);
  connections = new Uint8Array(64);
  failed = new Uint8Array(64);
  /** 1 = the client's span id is empty: the server is the root of its trace. */
  root = new Uint8Array(64);
  /** 1 = a consumer that links to it has been found. */
  served = new Uint8Array(64);
  expiresMs = new Float64Array(64);
  clientSeconds = new Float64Array(64);
  serverSeconds = new Float64Array(64);
  readonly clients: string[] = [];
  readonly servers: string[] = [];
  readonly clientDimensions: string[] = [];
  readonly serverDimensions: string[] = [];
  readonly peers: string[] = [];
  #ids = new Uint8Array(64 * idBytes);
  #hashes = new Int32Array(64);
  #heads = new Int32Array(64);
  /** Next edge + 1 of the bucket, or of the free places. */
  #before = new Int32Array(64);
  #older = new Int32Array(64);
  #newer = new Int32Array(64);
  #oldest = -1;
  #newest = -1;
  #free = 0;
  #used = 0;
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  get bytes(): number {
    return this.#hashes.length * (idBytes + 100);
  }

  /** @param trace first byte of the trace id; @param span of the span id; -1 = all zero */
  hash(b: Uint8Array, trace: number, span: number): number {
    let h = this.#seed;
    for (let i = 0; i < 16; i += 1) {
      h = Math.imul(h ^ (trace < 0 ? 0 : b[trace + i]!), 0x01000193);
    }
    for (let i = 0; i < 8; i += 1) h = Math.imul(h ^ (span < 0 ? 0 : b[span + i]!), 0x01000193);
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    return h ^ (h >>> 13);
  }

  /** @returns the newest edge with this key, -1 = none; {@link next} gives older ones */
  find(kind: number, hash: number, b: Uint8Array, trace: number, span: number): number {
    return this.#search(
      this.#heads[hash & (this.#heads.length - 1)]! - 1,
      kind,
      hash,
      b,
      trace,
      span,
    );
  }

  /** The next older edge with the same key as edge `i`, -1 = none. */
  next(i: number): number {
    const from = this.#before[i]! - 1;
    const at = i * idBytes;
    return this.#search(from, this.kinds[i]!, this.#hashes[i]!, this.#ids, at, at + 16);
  }

  #search(
    from: number,
    kind: number,
    hash: number,
    b: Uint8Array,
    trace: number,
    span: number,
  ): number {
    for (let i = from; i >= 0; i = this.#before[i]! - 1) {
      if (this.#hashes[i] !== hash || this.kinds[i] !== kind) continue;
      if (this.#same(i * idBytes, b, trace, 16) && this.#same(i * idBytes + 16, b, span, 8)) {
        return i;
      }
    }
    return -1;
  }

  #same(at: number, b: Uint8Array, id: number, length: number): boolean {
    for (let k = 0; k < length; k += 1) {
      if (this.#ids[at + k] !== (id < 0 ? 0 : b[id + k])) return false;
    }
    return true;
  }

  /** Adds an empty edge as the newest. @returns it */
  add(
    kind: number,
    hash: number,
    key: { bytes: Uint8Array; trace: number; span: number },
    expiresMs: number,
  ): number {
    const i = this.#place();
    const at = i * idBytes;
    const { bytes, trace, span } = key;
    let root = 1;
    for (let k = 0; k < 16; k += 1) this.#ids[at + k] = trace < 0 ? 0 : bytes[trace + k]!;
    for (let k = 0; k < 8; k += 1) {
      const byte = span < 0 ? 0 : bytes[span + k]!;
      this.#ids[at + 16 + k] = byte;
      if (byte !== 0) root = 0;
    }
    this.kinds[i] = kind;
    this.root[i] = root;
    this.expiresMs[i] = expiresMs;
    this.#clear(i);
    this.#hashes[i] = hash;
    const bucket = hash & (this.#heads.length - 1);
    this.#before[i] = this.#heads[bucket]!;
    this.#heads[bucket] = i + 1;
    this.#older[i] = this.#newest;
    this.#newer[i] = -1;
    if (this.#newest >= 0) this.#newer[this.#newest] = i;
    else this.#oldest = i;
    this.#newest = i;
    this.size += 1;
    return i;
  }

  #clear(i: number): void {
    this.connections[i] = Connection.direct;
    this.failed[i] = 0;
    this.served[i] = 0;
    this.clientSeconds[i] = 0;
    this.serverSeconds[i] = 0;
    this.clients[i] = '';
    this.servers[i] = '';
    this.clientDimensions[i] = '';
    this.serverDimensions[i] = '';
    this.peers[i] = '';
  }

  #place(): number {
    if (this.#free > 0) {
      const i = this.#free - 1;
      this.#free = this.#before[i]!;
      return i;
    }
    if (this.#used === this.#hashes.length) this.#grow();
    this.#used += 1;
    return this.#used - 1;
  }

  remove(i: number): void {
    const bucket = this.#hashes[i]! & (this.#heads.length - 1);
    if (this.#heads[bucket] === i + 1) this.#heads[bucket] = this.#before[i]!;
    else {
      let k = this.#heads[bucket]! - 1;
      while (this.#before[k] !== i + 1) k = this.#before[k]! - 1;
      this.#before[k] = this.#before[i]!;
    }
    const older = this.#older[i]!;
    const newer = this.#newer[i]!;
    if (older >= 0) this.#newer[older] = newer;
    else this.#oldest = newer;
    if (newer >= 0) this.#older[newer] = older;
    else this.#newest = older;
    this.#before[i] = this.#free;
    this.#free = i + 1;
    this.size -= 1;
  }

  /** The edge that has been here longest when it has expired, else -1. */
  expired(nowMs: number): number {
    const oldest = this.#oldest;
    return oldest >= 0 && nowMs > this.expiresMs[oldest]! ? oldest : -1;
  }

  #grow(): void {
    const capacity = this.#hashes.length * 2;
    this.#ids = grown(this.#ids, capacity * idBytes);
    for (const name of ['kinds', 'connections', 'failed', 'root', 'served'] as const) {
      this[name] = grown(this[name], capacity);
    }
    for (const name of ['expiresMs', 'clientSeconds', 'serverSeconds'] as const) {
      this[name] = grown(this[name], capacity);
    }
    this.#hashes = grown(this.#hashes, capacity);
    this.#before = grown(this.#before, capacity);
    this.#older = grown(this.#older, capacity);
    this.#newer = grown(this.#newer, capacity);
    this.#heads = new Int32Array(capacity);
    for (let i = this.#oldest; i >= 0; i = this.#newer[i]!) {
      const bucket = this.#hashes[i]! & (capacity - 1);
      this.#before[i] = this.#heads[bucket]!;
      this.#heads[bucket] = i + 1;
    }
  }
}
