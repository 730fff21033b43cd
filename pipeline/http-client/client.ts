import type { Dispatcher } from 'undici';
import type { HeaderChanges } from '../../component/extension.ts';
import type { Clock, Timer } from '../../component/settings.ts';
import { type Answer, AnswerReader } from './answer.ts';
import { CookieJar } from './cookies.ts';
import { createDispatcher, type DispatcherOptions } from './dispatcher.ts';
import { connectionError } from './failure.ts';

interface HttpClientOptions extends DispatcherOptions {
  readonly headers: ReadonlyMap<string, string>;
  readonly clock: Clock;
  /** Whether cookies of the server are kept and sent back. */
  readonly cookies: boolean;
}

const sweepMs = 200;

interface OpenRequest {
  readonly reader: AnswerReader;
  readonly deadlineMs: number;
}

type Fields = Readonly<Record<string, string>>;

/** Posts bodies to one URL over a bounded number of kept connections. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #dispatcher: Dispatcher;
  readonly #origin: string;
  readonly #path: string;
  readonly #open = new Set<OpenRequest>();
  readonly #constant: Fields;
  readonly #cookies: CookieJar | undefined;
  #changed: { readonly changes: HeaderChanges; readonly fields: Fields } | undefined;
  #timer: Timer | undefined;

  private constructor(options: HttpClientOptions, dispatcher: Dispatcher) {
    const url = new URL(options.url);
    this.#options = options;
    this.#dispatcher = dispatcher;
    this.#origin = url.origin;
    this.#path = url.pathname + url.search;
    this.#constant = Object.fromEntries(options.headers);
    this.#cookies = options.cookies ? new CookieJar(url) : undefined;
  }

  static async create(options: HttpClientOptions): Promise<HttpClient> {
    return new HttpClient(options, await createDispatcher(options));
  }

  /**
   * @param body must not change until the request has ended
   * @param deadlineMs Clock.monotonicMs() at which it is given up
   * @param changes to the headers of this request
   * @throws PipelineError when there is no answer
   */
  post(body: Buffer, deadlineMs: number, changes?: HeaderChanges): Promise<Answer> {
    const { url } = this.#options;
    const headers = this.#headers(changes);
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#open.delete(open);
      };
      const reader = new AnswerReader(
        (answer) => {
          settle();
          this.#cookies?.take(answer.cookies, this.#options.clock.unixMs());
          resolve(answer);
        },
        (error, sent) => {
          settle();
          reject(connectionError(url, error, sent));
        },
      );
      const open = { reader, deadlineMs };
      this.#open.add(open);
      this.#watch();
      const request = { origin: this.#origin, path: this.#path, method: 'POST' as const };
      this.#dispatcher.dispatch({ ...request, headers, body }, reader);
    });
  }

  #headers(changes: HeaderChanges | undefined): Fields {
    let fields = this.#constant;
    if (changes !== undefined) {
      if (this.#changed?.changes !== changes) {
        this.#changed = { changes, fields: changedFields(this.#constant, changes) };
      }
      fields = this.#changed.fields;
    }
    const cookie = this.#cookies?.header(this.#options.clock.unixMs());
    return cookie === undefined ? fields : { ...fields, cookie };
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#dispatcher.destroy();
  }

  /** One timer for all requests, while there are any. */
  #watch(): void {
    this.#timer ??= this.#options.clock.after(sweepMs, () => {
      this.#timer = undefined;
      const now = this.#options.clock.monotonicMs();
      for (const { reader, deadlineMs } of [...this.#open]) {
        if (deadlineMs <= now) reader.expire();
      }
      if (this.#open.size > 0) this.#watch();
    });
  }
}

function changedFields(constant: Fields, changes: HeaderChanges): Fields {
  const fields: Record<string, string> = { ...constant };
  for (const [name, value] of changes) {
    if (value === undefined) delete fields[name];
    else fields[name] = value;
  }
  return fields;
}
