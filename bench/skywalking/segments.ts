import { proto } from '../../wire/skywalking/testing.ts';

const startMs = 1_700_000_000_000;
const process = '56a5e1c519ae4c76a2b8b11d92cead7f';
const front = '0c8c21f0c2c543d6a5d1a7d3d6c4e1b2';

/** Spans of each segment. */
export const spansPerSegment = 4;

const tag = (key: string, value: string) => ({ key, value });

/**
 * A segment as the agent for Java sends it of one request to a Spring application: Tomcat with a
 * reference to its caller, a local method, a MySQL statement and an HTTP call. About 1.4 KB.
 */
export function javaSegment(i: number): Buffer {
  const id = (offset: number): string =>
    `${process}.${40 + (i % 30)}.${16563474296430000n + BigInt(i * 4 + offset)}`;
  const time = startMs + i;
  const traceId = `${front}.51.${16563474296430000n + BigInt(i)}`;
  return proto('Segment', {
    traceId,
    traceSegmentId: id(1),
    service: 'order-service',
    serviceInstance: 'b3a0c0a9d6a94ad3a0c2f1b0c4cb4e7a@10.1.4.17',
    spans: [
      {
        spanId: 1,
        parentSpanId: 0,
        startTime: time + 1,
        endTime: time + 9,
        operationName: 'com.example.order.OrderService.place',
        spanType: 'Local',
        componentId: 93,
      },
      {
        spanId: 2,
        parentSpanId: 1,
        startTime: time + 2,
        endTime: time + 4,
        operationName: 'Mysql/JDBC/PreparedStatement/execute',
        peer: 'orders-db.prod:3306',
        spanType: 'Exit',
        spanLayer: 'Database',
        componentId: 33,
        tags: [
          tag('db.type', 'Mysql'),
          tag('db.instance', 'orders'),
          tag('db.statement', 'insert into orders (id, customer, total) values (?, ?, ?)'),
        ],
      },
      {
        spanId: 3,
        parentSpanId: 1,
        startTime: time + 5,
        endTime: time + 8,
        operationName: '/stock/reserve',
        peer: 'stock.prod:8080',
        spanType: 'Exit',
        spanLayer: 'Http',
        componentId: 2,
        tags: [
          tag('url', `http://stock.prod:8080/stock/reserve?order=${i}`),
          tag('http.method', 'POST'),
          tag('http.status_code', '200'),
        ],
      },
      {
        spanId: 0,
        parentSpanId: -1,
        startTime: time,
        endTime: time + 10,
        operationName: 'POST:/orders',
        spanType: 'Entry',
        spanLayer: 'Http',
        componentId: 1,
        tags: [
          tag('url', 'http://orders.prod:8080/orders'),
          tag('http.method', 'POST'),
          tag('http.status_code', '201'),
        ],
        refs: [
          {
            traceId,
            parentTraceSegmentId: `${front}.51.${16563474296430001n + BigInt(i)}`,
            parentSpanId: 1,
            parentService: 'web-front',
            parentServiceInstance: 'f1b0c4cb4e7a4ad3a0c2b3a0c0a9d6a9@10.1.4.3',
            parentEndpoint: 'GET:/checkout',
            networkAddressUsedAtPeer: 'orders.prod:8080',
          },
        ],
      },
    ],
  });
}
