import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough, Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Hash128Into } from '../../wire/clickhouse-compress/frame.ts';
import type { Attempt } from './attempts.ts';
import { type BodyOptions, readBody, spoolBody, spoolBytes } from './body.ts';
import { expressionValues } from './chdb.ts';
import { checkParameters, type Engine } from './engine.ts';
import { codes, EngineError, exceptionText, fromEngine, statusFor } from './errors.ts';
import type { Approved } from './guard.ts';
import { HttpSessions } from './http-sessions.ts';
import { chooseEncoding, type OutputOptions, outputSteps, sendAll, setHeaders } from './output.ts';
import {
  authenticate,
  type Call,
  type Credentials,
  hostAllowed,
  readCall,
  requestUrl,
} from './request.ts';
import type { Answer, Environment } from './sessions.ts';
import { settingsIn } from './settings.ts';
import { killedQueryId, splitStatement } from './statement.ts';

interface ServerOptions {
  readonly credentials: Credentials;
  /** Most bytes of a request's body after decompression. */
  readonly bodyLimit: number;
  /** Most bytes of a statement that comes in the body. */
  readonly queryLimit: number;
  /** Host part of the TCP address, for the check of the Host header. */
  readonly listenHost: string;
  /** Further Host names that are answered while listening on loopback. */
  readonly allowedHosts: readonly string[];
  /** An answer is broken off when its client takes nothing of it for this long. */
  readonly stallMs: number;
  readonly hashInto: Hash128Into;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly call: Call;
  readonly attempt: Attempt;
}

/** ClickHouse's HTTP interface over one engine. */
export class HttpFace {
  readonly #engine: Engine;
  readonly #options: ServerOptions;
  readonly #sessions = new HttpSessions(256);

  constructor(engine: Engine, options: ServerOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  /** Answers one request; never rejects. @param local it came over the unix socket */
  async handle(request: IncomingMessage, response: ServerResponse, local: boolean): Promise<void> {
    response.setHeader('X-ClickHouse-Server-Display-Name', 'wirestitch');
    response.setHeader('X-ClickHouse-Timezone', 'UTC');
    try {
      await this.#answer(request, response, local);
    } catch (error) {
      this.#fail(response, fromEngine(error));
      if (!request.complete) request.resume();
    }
  }

  #fail(response: ServerResponse, error: EngineError): void {
    const text = exceptionText(error, this.#engine.version);
    if (response.headersSent) {
      // the status is gone: the text, then a broken end that no client takes for a good one
      response.write(`\n${text}`, () => response.destroy());
      this.#limitStall(response);
      return;
    }
    response.removeHeader('Content-Encoding');
    response.removeHeader('X-ClickHouse-Format');
    response.statusCode = statusFor(error.code);
    response.setHeader('X-ClickHouse-Exception-Code', String(error.code));
    response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
    if (error.code === codes.tooBigBody) response.setHeader('Connection', 'close');
    if (response.statusCode === 401) {
      response.setHeader('WWW-Authenticate', 'Basic realm="ClickHouse server HTTP API"');
    }
    response.end(text);
  }

  async #answer(request: IncomingMessage, response: ServerResponse, local: boolean): Promise<void> {
    const { listenHost, allowedHosts } = this.#options;
    if (!local && !hostAllowed(request.headers.host, listenHost, allowedHosts)) {
      throw new EngineError(
        codes.accessDenied,
        `Host "${String(request.headers.host).slice(0, 100)}" is not this server`,
      );
    }
    const path = requestUrl(request).pathname;
    if (path === '/ping' || path === '/replicas_status') return ok(response);
    if (path !== '/') return notFound(response, path);
    const method = request.method ?? '';
    if (method !== 'GET' && method !== 'POST' && method !== 'HEAD') {
      response.statusCode = 405;
      response.setHeader('Allow', 'GET, HEAD, POST');
      response.end(`cannot answer method ${method}\n`);
      return;
    }
    const url = requestUrl(request);
    if (method !== 'POST' && !url.searchParams.get('query')) return ok(response);
    authenticate(request, url, this.#options.credentials);
    const asked = this.#sessions.apply(
      readCall(request, (name) => this.#engine.checkSetting(name)),
    );
    const call = { ...asked, environment: this.#engine.bounded(asked.environment, local) };
    const queryId = call.queryId ?? randomUUID();
    response.setHeader('X-ClickHouse-Query-Id', queryId.replace(/[^\x21-\x7e]/g, '?'));
    const attempt = this.#engine.attempts.begin(queryId, local);
    try {
      await this.#execute({ request, response, call, attempt });
    } finally {
      this.#engine.attempts.finish(attempt);
    }
  }

  #bodyOptions(call: Call, limit: number): BodyOptions {
    return { limit, frames: call.decompress, hashInto: this.#options.hashInto };
  }

  async #execute(exchange: Exchange): Promise<void> {
    const { request, call, attempt } = exchange;
    attempt.onCancel(() => request.complete || request.destroy());
    let text = call.query;
    let body: Buffer | undefined;
    if (text === '') {
      body = await readBody(request, this.#bodyOptions(call, this.#options.queryLimit));
      text = body.toString('latin1');
    }
    const split = splitStatement(text);
    const head = body === undefined ? split.head : Buffer.from(split.head, 'latin1').toString();
    if (head.trim() === '') throw new EngineError(codes.syntaxError, 'Empty query');
    const statement = await this.#approve(exchange, head, split.dataAt !== undefined);
    if (split.dataAt !== undefined) {
      const inline = Buffer.from(text.slice(split.dataAt), body === undefined ? 'utf8' : 'latin1');
      return this.#insert(exchange, statement, inline, body !== undefined);
    }
    if (body === undefined) request.resume();
    const killed = killedQueryId(statement.tokens);
    if (killed !== undefined) return this.#kill(exchange, killed);
    if (statement.kind === 'select') return this.#select(exchange, statement);
    if (this.#sessions.handles(call.sessionId, statement)) return this.#empty(exchange);
    const format = statement.format ?? call.defaultFormat;
    const answer = await this.#engine.run(statement, format, call.environment, attempt);
    await this.#send(exchange, format, answer);
  }

  async #approve(exchange: Exchange, head: string, data: boolean): Promise<Approved> {
    const statement = await this.#engine.approve(head);
    checkReadonly(exchange, statement);
    if (data !== (statement.kind === 'insert' && statement.format !== undefined)) {
      throw new EngineError(
        codes.notImplemented,
        'INSERT takes either VALUES or FORMAT with data, or SELECT without FORMAT and data',
      );
    }
    checkParameters(statement, exchange.call.environment);
    this.#engine.checkFormat(exchange.call.defaultFormat);
    return statement;
  }

  async #insert(
    exchange: Exchange,
    statement: Approved,
    inline: Buffer,
    whole: boolean,
  ): Promise<void> {
    const { request, call, attempt } = exchange;
    const environment = this.#valuesEnvironment(call, statement, inline, whole);
    const file = this.#engine.scratchFile();
    let size: number;
    try {
      const before = inline.toString('latin1').trim() === '' ? Buffer.alloc(0) : inline;
      size = whole
        ? await spoolBytes(before, file)
        : await spoolBody(request, file, before, this.#bodyOptions(call, this.#options.bodyLimit));
      attempt.check();
    } catch (error) {
      await rm(file, { force: true });
      attempt.check();
      throw error;
    }
    const format = statement.format ?? 'Values';
    // the rewrite names the format, an empty file is not an error for an insert of nothing
    if (size === 0) {
      await rm(file, { force: true });
      return this.#empty(exchange);
    }
    const answer = await this.#engine.insert(statement, file, environment, attempt);
    const rows = String(answer.rowsRead);
    summary(exchange.response, {
      written_rows: rows,
      read_rows: rows,
      written_bytes: String(size),
    });
    setHeaders(exchange.response, this.#output(exchange, format, false));
    exchange.response.end();
  }

  /** Expressions in VALUES need the whole data in the statement, so that they can be examined. */
  #valuesEnvironment(
    { environment }: Call,
    statement: Approved,
    inline: Buffer,
    whole: boolean,
  ): Environment {
    if ((statement.format ?? 'values').toLowerCase() !== 'values') return environment;
    if (!whole || inline.length > expressionLimit) return environment;
    if (!this.#engine.checkValues(inline.toString('latin1'))) return environment;
    return { ...environment, settings: new Map([...environment.settings, ...expressionValues]) };
  }

  #output(exchange: Exchange, format: string, rows = true): OutputOptions {
    const { call, request } = exchange;
    const accepted = String(request.headers['accept-encoding'] ?? '');
    return {
      format,
      frames: rows && call.compress,
      encoding:
        rows && call.httpCompression && !call.compress ? chooseEncoding(accepted) : undefined,
      revision: call.revision,
      hashInto: this.#options.hashInto,
    };
  }

  /** An answer that fits into memory is sent when its session is free again. */
  async #select(exchange: Exchange, statement: Approved): Promise<void> {
    const { call, attempt } = exchange;
    const format = statement.format ?? call.defaultFormat;
    let whole: Readable | undefined;
    await this.#engine.select(
      statement,
      format,
      call.environment,
      attempt,
      async (rows, outcome) => {
        whole = await this.#stream(exchange, format, rows, outcome);
      },
    );
    if (whole === undefined) return;
    const steps = outputSteps(this.#output(exchange, format));
    await this.#deliver([whole, ...steps], exchange);
  }

  /**
   * Sends rows as they come; an error before the first row still gets its own status.
   * @returns all rows, still to be sent, where they are few
   */
  async #stream(
    exchange: Exchange,
    format: string,
    rows: Socket,
    outcome: Promise<Answer>,
  ): Promise<Readable | undefined> {
    const { response } = exchange;
    const held = new PassThrough({ highWaterMark: holdBytes });
    pipeline(rows, held).catch(() => {});
    const whole = await heldBack(rows, held, outcome);
    const known = whole ? { read_rows: String((await outcome).rowsRead) } : {};
    const output = this.#output(exchange, format);
    setHeaders(response, output);
    summary(response, known);
    if (exchange.request.method === 'HEAD') {
      response.end();
      return undefined;
    }
    if (whole) return held;
    const checked = new Transform({
      transform: (chunk, _encoding, done) => done(null, chunk),
      flush: (done) => outcome.then(() => done(), done),
    });
    await this.#deliver([held, ...outputSteps(output), checked], exchange);
    return undefined;
  }

  /** An answer that is in memory already. */
  async #send(exchange: Exchange, format: string, answer: Answer): Promise<void> {
    const output = this.#output(exchange, format);
    setHeaders(exchange.response, output);
    summary(exchange.response, { read_rows: String(answer.rowsRead) });
    const source = Readable.from(answer.bytes.length === 0 ? [] : [Buffer.from(answer.bytes)]);
    await this.#deliver([source, ...outputSteps(output)], exchange);
  }

  async #deliver(
    streams: readonly (Readable | Transform)[],
    { response, attempt }: Exchange,
  ): Promise<void> {
    const { stallMs } = this.#options;
    await sendAll(streams, response, { stallMs, cancelled: attempt.whenCancelled });
    this.#limitStall(response);
  }

  /** What is left of an answer may lie in its socket as long as any of it. */
  #limitStall(response: ServerResponse): void {
    response.setTimeout(this.#options.stallMs, () => response.destroy());
  }

  #empty(exchange: Exchange): void {
    summary(exchange.response, {});
    exchange.response.end();
  }

  async #kill(exchange: Exchange, queryId: string): Promise<void> {
    const running = await this.#engine.endQuery(queryId);
    const row = running ? `finished\t${queryId}\tdefault\t\n` : '';
    setHeaders(exchange.response, this.#output(exchange, 'TabSeparated', false));
    exchange.response.end(row);
  }
}

/** Throws EngineError 164: GET reads, and readonly is honoured as ClickHouse does. */
function checkReadonly({ request, call }: Exchange, statement: Approved): void {
  const reads =
    statement.kind === 'select' || /^(Show|Describe|Exists|Explain|Use)/.test(statement.root);
  if (request.method !== 'POST' && !reads) {
    throw new EngineError(
      codes.readonly,
      'Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly',
    );
  }
  if (call.readonly === 0) return;
  if (!reads && !(call.readonly === 2 && statement.root === 'Set')) {
    throw new EngineError(codes.readonly, 'Cannot execute query in readonly mode');
  }
  const [set] = call.readonly === 1 ? settingsIn(statement.tokens) : [];
  if (set !== undefined) {
    throw new EngineError(codes.readonly, `Cannot modify '${set.name}' setting in readonly mode`);
  }
}

/** Largest data of VALUES that may have expressions. */
const expressionLimit = 1 << 20;

/** Rows up to this size are held until the statement has ended, so that it can still fail well. */
const holdBytes = 512 << 10;

/**
 * Resolves when `held` is full or all rows are in it; rejects when the statement fails first.
 * @returns whether all rows are there
 */
function heldBack(rows: Socket, held: PassThrough, outcome: Promise<Answer>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (held.readableLength >= holdBytes) resolve(false);
    };
    rows.on('data', look);
    rows.once('end', () => outcome.then(() => resolve(true), reject));
    outcome.catch(reject);
  });
}

function ok(response: ServerResponse): void {
  response.setHeader('Content-Type', 'text/html; charset=UTF-8');
  response.end('Ok.\n');
}

function notFound(response: ServerResponse, path: string): void {
  response.statusCode = 404;
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  response.end(`There is no handle ${path.slice(0, 200)}. Use / or /ping for health checks.\n`);
}

function summary(response: ServerResponse, known: Readonly<Record<string, string>>): void {
  const all = {
    read_rows: '0',
    read_bytes: '0',
    written_rows: '0',
    written_bytes: '0',
    total_rows_to_read: '0',
    result_rows: '0',
    result_bytes: '0',
    elapsed_ns: '0',
    ...known,
  };
  response.setHeader('X-ClickHouse-Summary', JSON.stringify(all));
}
