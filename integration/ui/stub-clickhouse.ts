/** Before a ClickHouse: it passes everything on, until it is told to be ill. */
import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** An error of ClickHouse: its number and text. */
export interface StubError {
  readonly code: number;
  readonly text: string;
}

export class StubClickHouse {
  readonly #server: Server;
  readonly #behind: string;
  /** How queries are answered now: as they should, not at all, cut off, or with an error. */
  mode: 'pass' | 'hang' | 'reset' | StubError = 'pass';

  private constructor(behind: string) {
    this.#behind = behind;
    this.#server = createServer((request, response) => {
      const { mode } = this;
      if (mode === 'pass') return this.#pass(request, response);
      request.resume();
      if (mode === 'hang') return;
      if (mode === 'reset') return request.socket.destroy();
      response.writeHead(500, { 'X-ClickHouse-Exception-Code': String(mode.code) });
      response.end(`Code: ${mode.code}. DB::Exception: ${mode.text} (version 26.7)\n`);
    });
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const { method, headers, url } = request;
    const options = { ...(method === undefined ? {} : { method }), headers };
    const on = httpRequest(new URL(url ?? '/', this.#behind), options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    on.on('error', () => response.destroy());
    request.pipe(on);
  }

  /** @param behind `http://HOST:PORT` of a ClickHouse */
  static async start(behind: string): Promise<StubClickHouse> {
    const stub = new StubClickHouse(behind);
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
