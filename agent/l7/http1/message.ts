import { Message } from '../message.ts';

/** An HTTP/1 request as it was on the wire; strings decoded as ISO 8859-1. */
export class HttpRequest extends Message {
  method = '';
  /** Request target: origin form, absolute form, authority form (CONNECT) or `*`. */
  target = '';
  /** 10 or 11. */
  version = 11;
  host = '';
  userAgent = '';
  /** X-Forwarded-For; '' = none. */
  forwardedFor = '';
  /** Content-Length; -1 = none. */
  contentLength = -1;
  /** Payload bytes seen so far, without chunk framing. */
  bodyLength = 0;
  /** The head names an upgrade. */
  upgrade = false;

  constructor(start: number, sequence: number, acknowledgement: number) {
    super(true, start, sequence, acknowledgement);
  }
}

/** An HTTP/1 final response. */
export class HttpResponse extends Message {
  status = 0;
  /** 10 or 11. */
  version = 11;
  contentLength = -1;
  bodyLength = 0;

  constructor(start: number, sequence: number, acknowledgement: number) {
    super(false, start, sequence, acknowledgement);
  }
}
