import { TagKind, type TagList } from '../tagged-spans/tags.ts';
import { keyOf } from './keys.ts';

const Key = {
  error: keyOf('error'),
  statusCode: keyOf('otel.status_code'),
  statusDescription: keyOf('otel.status_description'),
  httpStatusCode: keyOf('http.status_code'),
  httpResponseStatusCode: keyOf('http.response.status_code'),
  httpStatusMessage: keyOf('http.status_message'),
  censusCode: keyOf('census.status_code'),
  censusDescription: keyOf('census.status_description'),
  opencensusDescription: keyOf('opencensus.status_description'),
} as const;

/** An integer, or a text of one, of 32 bits. */
function codeAt(tags: TagList, at: number): number | undefined {
  let value: number;
  if (tags.kind[at] === TagKind.int) value = tags.b[at]! * 4294967296 + (tags.a[at]! >>> 0);
  else {
    const text = tags.textAt(at);
    if (!/^[+-]?\d{1,15}$/.test(text)) return undefined;
    value = Number(text);
  }
  return value === (value | 0) ? value : undefined;
}

/** How a span ended, from the tags of Zipkin's first model; used again for each. */
export class StatusV1 {
  code = 0;
  message = '';

  /**
   * Finds it in census.status_code, otel.status_code, error and http.status_code, in this order,
   * and takes those out that only say it.
   */
  take(tags: TagList): void {
    this.code = 0;
    this.message = '';
    const census = this.#takeCode(tags, Key.censusCode);
    const own = this.#takeCode(tags, Key.statusCode);
    let censusText = this.#takeText(tags, Key.censusDescription);
    censusText = this.#takeText(tags, Key.opencensusDescription) || censusText;
    const ownText = this.#takeText(tags, Key.statusDescription);
    const failed = this.#takeError(tags);
    if (census !== undefined) {
      this.code = census === 0 ? 1 : 2;
      this.message = censusText;
    } else if (own !== undefined) {
      this.code = own;
      this.message = ownText;
    } else if (failed) {
      this.code = 2;
      this.message = censusText || ownText;
    } else this.#http(tags);
  }

  #takeCode(tags: TagList, key: number): number | undefined {
    const at = tags.find(key);
    if (at < 0) return undefined;
    const code = codeAt(tags, at);
    tags.remove(at);
    return code;
  }

  #takeText(tags: TagList, key: number): string {
    const at = tags.find(key);
    if (at < 0) return '';
    const text = tags.textAt(at);
    tags.remove(at);
    return text;
  }

  /** The tag goes where it says no more than that there was an error. */
  #takeError(tags: TagList): boolean {
    const at = tags.find(Key.error);
    if (at < 0) return false;
    const text = tags.kind[at] === TagKind.text;
    if (!text || tags.isText(at, 'true') || tags.isText(at, '')) tags.remove(at);
    return true;
  }

  #http(tags: TagList): void {
    let code: number | undefined;
    for (const key of [Key.httpStatusCode, Key.httpResponseStatusCode]) {
      const at = tags.find(key);
      if (at >= 0) code = codeAt(tags, at) ?? code;
    }
    if (code === undefined) return;
    this.code = code >= 100 && code < 400 ? 0 : 2;
    const message = tags.find(Key.httpStatusMessage);
    if (message >= 0) this.message = tags.textAt(message);
  }
}
