import { TagKind, type TagList } from '../tagged-spans/tags.ts';
import { Key } from './keys.ts';

const kinds: Readonly<Record<string, number>> = {
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
};

/** Takes the tag span.kind out. @returns OTLP's kind */
export function takeKind(tags: TagList): number {
  const at = tags.find(Key.spanKind);
  if (at < 0) return 0;
  const text = tags.textAt(at);
  tags.remove(at);
  return Object.hasOwn(kinds, text) ? kinds[text]! : 0;
}

/** Text of a tag; '' when it is none. @param take whether it goes */
function text(tags: TagList, key: number, take: boolean): string | undefined {
  const at = tags.find(key);
  if (at < 0) return undefined;
  const value = tags.textAt(at);
  if (take) tags.remove(at);
  return value;
}

const integer = /^[+-]?\d{1,18}$/;

/** The number of http.status_code as an integer or a text of one. */
function httpCode(tags: TagList, at: number): number | undefined {
  if (tags.kind[at] === TagKind.int) return tags.b[at]! * 4294967296 + (tags.a[at]! >>> 0);
  const value = tags.textAt(at);
  return tags.kind[at] === TagKind.text && integer.test(value) ? Number(value) : undefined;
}

function isHttpError(code: number, kind: number): boolean {
  if (code >= 400 && code < 500 && (kind === 2 || kind === 3)) return kind === 3;
  return !(code >= 100 && code < 399);
}

/** How a span ended, as OTLP says it; used again for each. */
export class Status {
  /** 0 unset, 1 ok, 2 error. */
  code = 0;
  message = '';

  /**
   * Finds it in the tags error, otel.status_code and http.status_code, in this order, and takes
   * those out that say nothing beside it.
   * @param kind OTLP's kind of the span
   */
  take(tags: TagList, kind: number): void {
    this.code = 0;
    this.message = '';
    const failed = this.#takeError(tags);
    const at = tags.find(Key.statusCode);
    if (at >= 0) {
      if (!failed) {
        const name = tags.textAt(at).toUpperCase();
        this.code = name === 'ERROR' ? 2 : name === 'OK' ? 1 : 0;
        this.message = text(tags, Key.statusDescription, true) ?? '';
      }
      tags.remove(at);
    } else if (!failed) this.#takeHttp(tags, kind);
  }

  #takeError(tags: TagList): boolean {
    const at = tags.find(Key.error);
    if (at < 0 || tags.kind[at] !== TagKind.bool || tags.a[at] === 0) return false;
    tags.remove(at);
    this.code = 2;
    const said = text(tags, Key.statusDescription, true);
    this.message = said ?? text(tags, Key.httpStatusMessage, false) ?? '';
    return true;
  }

  #takeHttp(tags: TagList, kind: number): void {
    const at = tags.find(Key.httpStatusCode);
    if (at < 0) return;
    const code = httpCode(tags, at);
    if (code === undefined || !isHttpError(code, kind)) return;
    this.code = 2;
    this.message = text(tags, Key.httpStatusMessage, false) ?? '';
  }
}
