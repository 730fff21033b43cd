import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../component/settings.ts';
import type { HostCheck } from '../../config/groups/host-check.ts';
import { pathOf, queryOf } from '../../config/groups/http-listen.ts';
import type { BodyIntake } from '../../pipeline/http-intake/intake.ts';
import { receiveBody } from '../../pipeline/http-intake/receive.ts';
import { Gate } from '../../query/gate.ts';
import {
  findRoute,
  type SendEvent,
  type WebAnswer,
  WebError,
  type WebRoute,
  webError,
} from '../../query/web/route.ts';
import { FileCache, openEvents, sendAnswer, sendChunks, sendError, sendText } from './answers.ts';
import type { PageFiles } from './files.ts';

/** What the server of the page is made of. */
export interface UiServerOptions {
  readonly routes: readonly WebRoute[];
  /** Undefined: it is not built. */
  readonly files: PageFiles | undefined;
  /** '' or a path prefix such as `/wirestitch`. */
  readonly basePath: string;
  /** What a POST has to carry. */
  readonly token: string;
  readonly checkHost: HostCheck;
  readonly intake: BodyIntake;
  readonly maxConcurrent: number;
  readonly logger: Logger;
}

/** Requests that wait for each that is being answered. */
const waiting = 10;
/** Streams of events that are open at once. */
const mostStreams = 32;
/** Long texts that are on their way at once: each holds what it is made of. */
const mostDownloads = 8;
/** Requests to routes that wait for nothing elsewhere, at once. */
const mostLocal = 8;

type Download = Extract<WebAnswer, { chunks: unknown }>;

const busy = (): Error =>
  new WebError(
    'unavailable',
    'too many requests are being answered',
    'Try again in a moment, or close other tabs of this page.',
  );

/** Requests for the page and to its API. */
export class UiServer {
  readonly #options: UiServerOptions;
  readonly #cache = new FileCache();
  readonly #gate: Gate;
  /** Of its own, so that a storage that is slow holds up nothing else. */
  readonly #localGate: Gate;
  #streams = 0;
  #downloads = 0;

  constructor(options: UiServerOptions) {
    this.#options = options;
    const { maxConcurrent } = options;
    this.#gate = new Gate(maxConcurrent, maxConcurrent * waiting, busy);
    this.#localGate = new Gate(mostLocal, mostLocal * waiting, busy);
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const { checkHost, basePath } = this.#options;
    const foreign = checkHost(request.headers.host);
    const path = pathOf(request);
    const below = path === basePath || path.startsWith(`${basePath}/`);
    if (foreign !== undefined || !below) {
      request.resume();
      const [status, text] = foreign === undefined ? [404, '404 page not found'] : [403, foreign];
      sendText(request, response, status, `${text}\n`);
      return;
    }
    const here = path.slice(basePath.length) || '/';
    if (here === '/api' || here.startsWith('/api/')) this.#api(request, response, here);
    else this.#file(request, response, here);
  }

  #file(request: IncomingMessage, response: ServerResponse, path: string): void {
    request.resume();
    const { files } = this.#options;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      sendText(request, response, 405, 'method not allowed\n');
    } else if (files === undefined) {
      const what = 'the page is not built; in a checkout run: npm run setup';
      sendText(request, response, 503, `${what}\n`);
    } else {
      // What is no file is an address of a screen; a file that is gone is of an earlier build.
      const file = files.get(path) ?? (path.startsWith('/assets/') ? undefined : files.get('/'));
      if (file === undefined) sendText(request, response, 404, '404 page not found\n');
      else
        this.#cache.send(request, response, file).catch((e) => this.#failed(request, response, e));
    }
  }

  #api(request: IncomingMessage, response: ServerResponse, path: string): void {
    try {
      const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
      const found = findRoute(this.#options.routes, method, path);
      if (!('route' in found)) throw notHere(path, found);
      if (method === 'GET') {
        request.resume();
        this.#run(request, response, found.route, found.params, undefined);
        return;
      }
      this.#checkToken(request);
      const { intake } = this.#options;
      receiveBody(request, response, intake, ({ bytes, ...rest }) => {
        const text = Buffer.from(bytes).toString();
        intake.release({ bytes, ...rest });
        this.#post(request, response, found.route, found.params, text);
      });
    } catch (error) {
      request.resume();
      this.#failed(request, response, error);
    }
  }

  #post(
    request: IncomingMessage,
    response: ServerResponse,
    route: WebRoute,
    params: Readonly<Record<string, string>>,
    text: string,
  ): void {
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const fault = new WebError('bad_request', `the body is not JSON: ${why}`);
      sendError(request, response, fault);
      return;
    }
    this.#run(request, response, route, params, body);
  }

  #run(
    request: IncomingMessage,
    response: ServerResponse,
    route: WebRoute,
    params: Readonly<Record<string, string>>,
    body: unknown,
  ): void {
    const query = queryOf(request);
    const onClose = (run: () => void): void => {
      if (response.destroyed) run();
      else response.once('close', run);
    };
    const gate = route.local === true ? this.#localGate : this.#gate;
    gate
      .run(async (): Promise<Download | undefined> => {
        if (response.destroyed) return undefined;
        const answer = await route.handle({ params, query, body, onClose });
        if ('chunks' in answer) return answer;
        if ('events' in answer) this.#stream(request, response, answer.events);
        else await sendAnswer(request, response, answer);
        return undefined;
      })
      // Beyond the gate: it lasts as long as the client likes.
      .then((download) => download && this.#download(request, response, download))
      .catch((error: unknown) => this.#failed(request, response, error));
  }

  #stream(
    request: IncomingMessage,
    response: ServerResponse,
    begin: (send: SendEvent) => void,
  ): void {
    if (response.destroyed) return;
    if (this.#streams >= mostStreams) throw busy();
    this.#streams += 1;
    response.once('close', () => {
      this.#streams -= 1;
    });
    const send = openEvents(request, response);
    if (send !== undefined) begin(send);
  }

  async #download(
    request: IncomingMessage,
    response: ServerResponse,
    answer: Download,
  ): Promise<void> {
    if (this.#downloads >= mostDownloads) throw busy();
    this.#downloads += 1;
    try {
      await sendChunks(request, response, answer);
    } finally {
      this.#downloads -= 1;
    }
  }

  #checkToken(request: IncomingMessage): void {
    const given = Buffer.from(String(request.headers['x-wirestitch-token'] ?? ''));
    const wanted = Buffer.from(this.#options.token);
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
    const hint = 'GET /api/v1/info has it; it changes with each start of the program.';
    throw new WebError('forbidden', 'the header X-Wirestitch-Token is not the page’s token', hint);
  }

  #failed(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    let told = webError(error);
    if (told === undefined) {
      const stack = error instanceof Error ? error.stack : String(error);
      this.#options.logger.error('BUG: a request of the page failed', { error: stack });
      told = new WebError('internal', 'internal error', 'The log of the program says more.');
    }
    if (response.headersSent) response.destroy();
    else sendError(request, response, told);
  }
}

function notHere(path: string, methods: readonly string[]): WebError {
  const shown = JSON.stringify(path);
  if (methods.length === 0) return new WebError('not_found', `there is nothing at ${shown}`);
  return new WebError('bad_request', `${shown} is asked by ${methods.join(', ')}`);
}
