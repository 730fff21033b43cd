import type { Connection, Direction, MessageSink } from '../protocol.ts';
import { ClientSide } from './client.ts';
import { frameKind } from './detect.ts';
import { Frames } from './frames.ts';
import { ServerSide } from './server.ts';
import type { StatementBudget } from './statements.ts';
import { Phase, Talk } from './talk.ts';

/** Both directions of a MySQL connection. */
export class MysqlConnection implements Connection {
  private readonly talk: Talk;
  private readonly client: ClientSide;
  private readonly server: ServerSide;
  private frames: [Frames, Frames] | undefined = undefined;

  constructor(sink: MessageSink, budget: StatementBudget) {
    this.talk = new Talk(sink, budget);
    this.server = new ServerSide(this.talk);
    this.client = new ClientSide(this.talk, this.server);
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
    const { talk } = this;
    if (talk.phase === Phase.opaque) return;
    if (talk.phase === Phase.start && direction === 0) {
      talk.compression = frameKind(b, start, end, true);
    }
    if (talk.compression !== '' && this.frames === undefined) this.compress();
    if (direction === 1) this.server.seen(sequence, end - start);
    const side = direction === 0 ? this.client : this.server;
    const frames = this.frames?.[direction];
    if (side.stream.lost) {
      const found =
        direction === 1
          ? this.server.recover(
              b,
              start,
              end,
              sequence,
              acknowledgement,
              time,
              frames !== undefined,
            )
          : this.startsCommand(b, start, end);
      if (!found) return;
      side.stream.restart();
      frames?.restart();
    }
    if (frames === undefined) {
      side.stream.data(b, start, end, sequence, acknowledgement, time);
    } else {
      frames.data(b, start, end, sequence, acknowledgement, time);
    }
  }

  gap(direction: Direction, length: number, sequence: number, time: number): void {
    const { talk } = this;
    if (talk.phase === Phase.opaque) return;
    if (direction === 1) this.server.seen(sequence, length);
    const side = direction === 0 ? this.client : this.server;
    const frames = this.frames?.[direction];
    if (frames === undefined || side.stream.lost) {
      this.packetGap(direction, length, (sequence + length) >>> 0, time);
      return;
    }
    const beyond = frames.gap(length, time);
    if (beyond === 0) return;
    side.stream.lose();
    side.lose(beyond, (sequence + length) >>> 0, time);
  }

  close(direction: Direction, _time: number): void {
    if (direction === 0) this.client.close();
    else this.server.close();
  }

  private packetGap(direction: Direction, length: number, next: number, time: number): void {
    const side = direction === 0 ? this.client : this.server;
    const wasLost = side.stream.lost;
    const beyond = wasLost ? length : side.stream.gap(length, time);
    if (beyond === 0) return;
    if (!wasLost || direction === 1) side.lose(beyond, next, time);
  }

  private startsCommand(b: Uint8Array, start: number, end: number): boolean {
    if (this.frames !== undefined) return frameKind(b, start, end, true) !== '';
    return this.client.recognises(b, start, end);
  }

  private compress(): void {
    const frames = (direction: Direction, side: ClientSide | ServerSide): Frames =>
      new Frames(side.stream, (length, sequence, time) =>
        this.packetGap(direction, length, sequence, time),
      );
    this.frames = [frames(0, this.client), frames(1, this.server)];
  }
}
