import type { Connection, Direction, MessageSink } from '../protocol.ts';
import { RedisClient } from './client.ts';
import { isCommandHead } from './detect.ts';
import { RedisServer } from './server.ts';

/** Both directions of a Redis connection. */
export class RedisConnection implements Connection {
  private readonly client: RedisClient;
  private readonly server: RedisServer;

  constructor(sink: MessageSink) {
    this.server = new RedisServer(sink);
    this.client = new RedisClient(sink, this.server);
  }

  data(
    direction: Direction,
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
  ): void {
    if (this.client.replicating) return;
    const side = direction === 0 ? this.client : this.server;
    const { stream } = side;
    if (stream.lost) {
      const found =
        direction === 0
          ? isCommandHead(b, start, end)
          : this.server.recover(b, start, end, sequence, acknowledgement, time);
      if (!found) return;
      stream.restart();
    }
    if (stream.data(b, start, end, sequence, acknowledgement, time)) return;
    side.refuse((sequence + end - start) >>> 0, time);
  }

  gap(direction: Direction, length: number, sequence: number, time: number): void {
    if (this.client.replicating) return;
    const side = direction === 0 ? this.client : this.server;
    const wasLost = side.stream.lost;
    const beyond = wasLost ? length : side.stream.gap(length, time);
    if (beyond === 0 || (wasLost && direction === 0)) return;
    side.lose(beyond, (sequence + length) >>> 0, time);
  }

  close(direction: Direction, _time: number): void {
    if (direction === 0) this.client.close();
    else this.server.close();
  }
}
