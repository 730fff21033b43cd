/** OTLP/JSON in and out, and the builder. `node bench/pdata/json.ts` */
import { TracesBuilder } from '../../pdata/builder.ts';
import { parseJson, toJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { request } from '../lib/payload.ts';
import { header, measure, print } from './measure.ts';

const items = 1000;
const batch = parseRequest('traces', request('traces', items));
const text = toJson(batch);
const bytes = Buffer.from(text);
const traceId = new Uint8Array(16).fill(1);
const spanId = new Uint8Array(8).fill(2);
const builder = new TracesBuilder();

function build(): void {
  builder.resource({ 'service.name': 'shop' });
  builder.scope('lib');
  for (let i = 0; i < items; i += 1) {
    builder.span({
      traceId,
      spanId,
      name: 'GET /items',
      kind: 2,
      startTimeUnixNano: 1544712660000000001n,
      endTimeUnixNano: 1544712660000000002n,
      attributes: {
        'http.request.method': 'GET',
        'url.path': '/api/v1/items/1234',
        'server.address': 'items.default.svc',
        'http.response.status_code': 200,
        'network.peer.address': '10.1.2.3',
      },
    });
  }
  builder.finish();
}

header(`JSON, 1,000 spans of ${(bytes.length / items).toFixed(0)} B a request`);
print(
  'spans',
  measure(
    {
      'JSON.parse alone': () => JSON.parse(text),
      parseJson: () => parseJson('traces', bytes),
      toJson: () => toJson(batch),
      'builder, five attributes': build,
    },
    items,
    20,
  ),
);
