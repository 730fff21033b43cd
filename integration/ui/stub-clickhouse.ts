/** A ClickHouse that is ill: its HTTP interface hangs or answers errors. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An error of ClickHouse: its number and text. */
export interface StubError {
  readonly code: number;
  readonly text: string;
}

export class StubClickHouse {
  readonly #server: Server;
  readonly #held = new Set<ServerResponse>();
  /** How queries are answered now: not at all, or with an error. */
  mode: 'hang' | StubError = 'hang';

  private constructor() {
    this.#server = createServer((request, response) => {
      request.resume();
      this.#held.add(response);
      response.on('close', () => this.#held.delete(response));
      const { mode } = this;
      if (mode === 'hang') return;
      response.writeHead(500, { 'X-ClickHouse-Exception-Code': String(mode.code) });
      response.end(`Code: ${mode.code}. DB::Exception: ${mode.text} (version 26.7)\n`);
    });
  }

  static async start(): Promise<StubClickHouse> {
    const stub = new StubClickHouse();
    stub.#server.listen(0, '127.0.0.1');
    await once(stub.#server, 'listening');
    return stub;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
