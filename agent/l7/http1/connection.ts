import { latin1 } from '../../bytes.ts';
import type { Incomplete } from '../message.ts';
import type { Connection, Direction, MessageSink } from '../protocol.ts';
import { traceContextOf } from '../trace-context.ts';
import { type Head, Header } from './head.ts';
import { HttpRequest, HttpResponse } from './message.ts';
import { type HeadTaker, HttpStream, State } from './stream.ts';

/** Longer values are cut: an attribute is no place for kilobytes. */
const MAX_REQUEST_ID = 256;
const MAX_METHOD = 64;
const MAX_TARGET = 8192;
const MAX_VALUE = 1024;

/** Both directions of an HTTP/1 connection. */
export class HttpConnection implements Connection, HeadTaker {
  private readonly sink: MessageSink;
  private readonly scratch: Head;
  private readonly requests = new HttpStream(0);
  private readonly responses = new HttpStream(1);

  /** @param scratch shared by all connections: it holds nothing between calls */
  constructor(sink: MessageSink, scratch: Head) {
    this.sink = sink;
    this.scratch = scratch;
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
    const stream = direction === 0 ? this.requests : this.responses;
    stream.data(this, this.scratch, this.sink, b, start, end, sequence, acknowledgement, time);
  }

  gap(direction: Direction, length: number, sequence: number, _time: number): void {
    const stream = direction === 0 ? this.requests : this.responses;
    stream.gap(this, this.scratch, this.sink, length, sequence, _time);
  }

  close(direction: Direction, _time: number): void {
    const stream = direction === 0 ? this.requests : this.responses;
    stream.close(this, this.scratch, this.sink);
  }

  idle(): boolean {
    return this.requests.idle && this.responses.idle;
  }

  take(
    stream: HttpStream,
    b: Uint8Array,
    length: number,
    sequence: number,
    acknowledgement: number,
    start: number,
    end: number,
    incomplete: Incomplete,
  ): void {
    if (stream.direction === 0) {
      const request = this.request(b, sequence, acknowledgement, start);
      request.length = length;
      request.end = end;
      request.incomplete = incomplete;
      this.takeRequest(stream, request);
      return;
    }
    const status = this.scratch.status;
    // Interim responses announce; 101 is final for the request that asked for it.
    if (status < 200 && status !== 101) return;
    const response = this.response(b, sequence, acknowledgement, start);
    response.length = length;
    response.end = end;
    response.incomplete = incomplete;
    this.takeResponse(stream, response);
  }

  private request(
    b: Uint8Array,
    sequence: number,
    acknowledgement: number,
    start: number,
  ): HttpRequest {
    const h = this.scratch;
    const r = new HttpRequest(start, sequence, acknowledgement);
    r.method = latin1(b, h.methodStart, Math.min(h.methodEnd, h.methodStart + MAX_METHOD));
    r.target = latin1(b, h.targetStart, Math.min(h.targetEnd, h.targetStart + MAX_TARGET));
    r.version = h.version;
    r.contentLength = h.contentLength;
    r.host = h.text(b, Header.host, MAX_VALUE);
    r.userAgent = h.text(b, Header.userAgent, MAX_VALUE);
    r.forwardedFor = h.text(b, Header.forwardedFor, MAX_VALUE);
    r.upgrade = h.has(Header.upgrade);
    r.requestId = h.text(b, Header.requestId, MAX_REQUEST_ID);
    if (carriesTrace(h)) {
      r.trace = traceContextOf({
        traceparent: h.text(b, Header.traceparent),
        tracestate: h.text(b, Header.tracestate),
        b3: h.text(b, Header.b3),
        b3TraceId: h.text(b, Header.b3TraceId),
        b3SpanId: h.text(b, Header.b3SpanId),
        uberTraceId: h.text(b, Header.uberTraceId),
        sw8: h.text(b, Header.sw8),
      });
    }
    return r;
  }

  private response(
    b: Uint8Array,
    sequence: number,
    acknowledgement: number,
    start: number,
  ): HttpResponse {
    const h = this.scratch;
    const r = new HttpResponse(start, sequence, acknowledgement);
    r.status = h.status;
    r.version = h.version;
    r.contentLength = h.contentLength;
    r.requestId = h.text(b, Header.requestId, MAX_REQUEST_ID);
    return r;
  }

  private takeRequest(stream: HttpStream, request: HttpRequest): void {
    const { encoded, chunked } = this.scratch;
    stream.message = request;
    this.sink.begin(request);
    if (request.incomplete !== '') return;
    if (encoded) {
      // A request whose length cannot be known (RFC 9112 section 6.3) ends what can be parsed.
      if (chunked) stream.startChunk();
      else stream.state = State.untilClose;
      return;
    }
    if (request.contentLength > 0) {
      stream.state = State.length;
      stream.left = request.contentLength;
      return;
    }
    stream.finish(this.sink);
    // What follows is for the other end of the tunnel, unless the response refuses it.
    if (request.method === 'CONNECT') stream.stop();
  }

  private takeResponse(stream: HttpStream, response: HttpResponse): void {
    const { encoded, chunked } = this.scratch;
    stream.message = response;
    const request = this.sink.begin(response);
    if (response.incomplete !== '') return;
    const method = request instanceof HttpRequest ? request.method : '';
    const status = response.status;
    const connect = method === 'CONNECT';
    if (status === 101 || (connect && status < 300)) {
      stream.finish(this.sink);
      stream.stop();
      if (this.requests.message !== undefined) this.requests.finish(this.sink);
      this.requests.stop();
      return;
    }
    if (connect) this.requests.state = State.head;
    if (method === 'HEAD' || status === 204 || status === 304) {
      stream.finish(this.sink);
    } else if (encoded && chunked) {
      stream.startChunk();
    } else if (encoded || response.contentLength < 0) {
      stream.state = State.untilClose;
    } else if (response.contentLength > 0) {
      stream.state = State.length;
      stream.left = response.contentLength;
    } else {
      stream.finish(this.sink);
    }
  }
}

function carriesTrace(h: Head): boolean {
  return (
    h.has(Header.traceparent) ||
    h.has(Header.b3) ||
    h.has(Header.b3TraceId) ||
    h.has(Header.uberTraceId) ||
    h.has(Header.sw8)
  );
}
