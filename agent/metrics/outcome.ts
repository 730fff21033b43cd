import type { DescribeOptions, SpanFields } from '../l7/protocol.ts';
import type { Session } from '../session/session.ts';

/** How a session is described, but for its ends and side. */
export type OutcomeOptions = Omit<DescribeOptions, 'client' | 'serverAddress' | 'serverPort'>;

/** What metrics keep of a session. */
export interface Outcome {
  /** What was asked, of low cardinality: the span's name. */
  readonly endpoint: string;
  /** How it failed; '' = it did not. */
  readonly failure: string;
}

/**
 * Takes name and error out of the description that a protocol gives of a session; attributes are
 * let pass. It is the outcome of the last session given to `of()`.
 */
export class OutcomeReader implements SpanFields, Outcome {
  endpoint = '';
  failure = '';
  private readonly options: OutcomeOptions;

  constructor(options: OutcomeOptions) {
    this.options = options;
  }

  /** @param client the session is described as the client's */
  of(session: Session, client: boolean): Outcome {
    const { serverAddress, serverPort } = session.conversation.ends();
    this.endpoint = '';
    this.failure = '';
    const options = { ...this.options, client, serverAddress, serverPort };
    session.protocol.describe(session.request, session.response, options, this);
    const { reason } = session;
    if (reason === 'timeout' || reason === 'connection_closed') this.failure = reason;
    return this;
  }

  name(name: string): void {
    this.endpoint = name;
  }

  error(type: string): void {
    this.failure = type;
  }

  string(): void {}

  int(): void {}

  bool(): void {}

  strings(): void {}
}
