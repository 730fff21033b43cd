import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { config } from './config.ts';

/** What the Go collector's receiver takes. */
const accepted: readonly unknown[] = [
  { protocols: { grpc: {} } },
  { protocols: { http: {} } },
  { protocols: { grpc: null } },
  { protocols: { grpc: { endpoint: '0.0.0.0:11800' }, http: { endpoint: '0.0.0.0:12800' } } },
  { protocols: { http: { endpoint: '0.0.0.0:12801', cors: { allowed_origins: ['*'] } } } },
  { protocols: { grpc: { endpoint: ':65535', max_recv_msg_size_mib: 8 } } },
];

/** What it refuses, and what both name. */
const refused: readonly (readonly [unknown, RegExp])[] = [
  [{}, /protocols/],
  [{ protocols: {} }, /must specify at least one protocol when using the Skywalking receiver/],
  [{ protocols: { thrift: {} } }, /thrift/],
  [{ protocols: { grpc: {}, other: 1 } }, /other/],
  [
    { protocols: { grpc: { endpoint: 'localhost' } } },
    /unable to extract port for the gRPC endpoint/,
  ],
  [
    { protocols: { http: { endpoint: 'localhost:x' } } },
    /unable to extract port for the HTTP endpoint/,
  ],
  [{ protocols: { grpc: { endpoint: 'h:0' } } }, /port number must be between 1 and 65535/],
  [{ protocols: { grpc: { port: 1 } } }, /port/],
  [{ endpoint: 'h:1', protocols: { grpc: {} } }, /endpoint/],
];

describe('configuration', () => {
  it('is what the Go collector takes', () => {
    for (const given of accepted) config.parse(given);
    const { protocols } = config.parse({ protocols: { grpc: {}, http: {} } });
    assert.equal(protocols.grpc?.endpoint, 'localhost:11800');
    assert.equal(protocols.http?.endpoint, 'localhost:12800');
  });

  it('is refused where the Go collector does', () => {
    for (const [given, text] of refused) {
      const { error } = config.safeParse(given);
      assert.match(JSON.stringify(error?.issues), text, JSON.stringify(given));
    }
  });
});
