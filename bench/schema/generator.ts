/**
 * The fixed data file: spans that depend on the seed and on nothing else, made by SQL in the engine
 * itself (about 5 us a span), so that every candidate sees the same bytes.
 *
 * Shape: traces of 8 to 20 spans (mean 14) follow one of 200 call templates with a tenth of the
 * spans off the template; 50 services of 40 operations and 40 instances (2,000 of each); groups of
 * three neighbouring spans share a service; random trace and span ids; log-normal durations; about
 * ten attributes a span: method, route, path with two ids in it, addresses, agent, user (100,000,
 * on entry spans), status, port, thread, size; database spans with statements; 1 % errors with an
 * exception event. 5,000 spans a second; each instance exports every 5 s at a phase of its own, so
 * that one trace arrives in several batches.
 */

import { bucketS } from '../../storage/schema/spans.ts';

export const generatorSeed = 'wirestitch-1';
/** 2026-01-05T10:00:00Z, in ns. */
export const generatorStartNs = 1767607200_000000000n;
export const spansPerTrace = 14;
export const spansPerSecond = 5000;

/** Hash of the named parts, uniform over 64 bits. */
function hash(...parts: string[]): string {
  return `sipHash64('${generatorSeed}', ${parts.join(', ')})`;
}

/** Uniform in (0, 1). */
function uniform(...parts: string[]): string {
  return `((bitShiftRight(${hash(...parts)}, 11) + 0.5) / 9007199254740992)`;
}

/** Standard normal (Box-Muller). */
function normal(tag: string): string {
  const u = uniform(`'${tag}a'`, 't', 'i');
  const v = uniform(`'${tag}b'`, 't', 'i');
  return `(sqrt(-2 * log(${u})) * cos(6.283185307179586 * ${v}))`;
}

const kinds = `multiIf(i = 0, 2, op % 20 < 7, 2, op % 20 < 12, 3, op % 20 < 17, 4, 1)`;
const idA = `(${hash("'idA'", 't')} % 1000000)`;
const idB = `(${hash("'idB'", 't', 'intDiv(i, 3)')} % 100000)`;
const route = `concat('/api/v', toString(op % 3 + 1), '/', nouns[op % 12 + 1], '/{', nouns[op % 12 + 1], '_id}/', nouns[intDiv(op, 12) % 12 + 1], toString(op % 40))`;
const path = `concat('/api/v', toString(op % 3 + 1), '/', nouns[op % 12 + 1], '/', toString(${idA}), '/', nouns[intDiv(op, 12) % 12 + 1], toString(op % 40), '/', toString(${idB}))`;
const table = `concat(nouns[op % 12 + 1], '_', toString(op % 40))`;
const peer = `concat('svc-', toString(${hash("'peer'", 'op')} % 50), '.prod.svc.cluster.local')`;

const httpStrings = `map(
    'http.request.method', ['GET','GET','GET','POST','PUT'][op % 5 + 1],
    'http.route', ${route},
    'url.path', ${path},
    'url.scheme', 'http',
    'server.address', ${peer},
    'network.protocol.version', '1.1',
    'client.address', if(i = 0, concat('10.', toString(${hash("'ip1'", 't')} % 4), '.', toString(${hash("'ip'", 't')} % 64), '.', toString(${hash("'ip2'", 't')} % 256)), concat('172.16.', toString(service_no), '.', toString(instance % 40))),
    'user_agent.original', if(i = 0, concat('Mozilla/5.0 (Linux; x86_64) Browser/', toString(${hash("'ua'", 't')} % 20), '.1'), concat('http-client/', toString(service_no % 5))))`;
const entryStrings = `mapConcat(${httpStrings}, map('enduser.id', concat('u', toString(${hash("'user'", 't')} % 100000))))`;
const databaseStrings = `map(
    'db.system.name', 'postgresql',
    'db.namespace', concat('db', toString(service_no)),
    'db.collection.name', ${table},
    'db.operation.name', ['SELECT','SELECT','UPDATE','INSERT'][op % 4 + 1],
    'db.query.text', concat('SELECT a.*, b.name FROM ', ${table}, ' a JOIN ref b ON a.ref_id = b.id WHERE a.id = $1 AND a.tenant = $2 LIMIT ', toString(op % 7 * 10)),
    'server.address', concat('pg-', toString(service_no % 8), '.prod.svc.cluster.local'))`;
const internalStrings = `map(
    'code.function.name', concat('com.example.', nouns[op % 12 + 1], '.Handler', toString(op % 40), '.process'),
    'code.file.path', concat('src/', nouns[op % 12 + 1], '/handler', toString(op % 40), '.java'),
    'thread.name', concat('worker-', toString(${hash("'th'", 't', 'i')} % 64)),
    'app.order.id', concat('o-', lower(hex(${hash("'order'", 't')}))),
    'app.tenant', concat('tenant-', toString(${hash("'tenant'", 't')} % 500)),
    'app.feature', ['alpha','beta','stable'][op % 3 + 1])`;
const ints = `multiIf(
    kind = 4, map('server.port', toInt64(5432), 'db.response.returned_rows', toInt64(${hash("'rows'", 't', 'i')} % 50), 'thread.id', toInt64(${hash("'th'", 't', 'i')} % 200)),
    kind = 1, map('code.line.number', toInt64(op * 7 % 900), 'thread.id', toInt64(${hash("'th'", 't', 'i')} % 200)),
    map('http.response.status_code', toInt64(if(failed, 500, if(${hash("'st'", 't', 'i')} % 50 = 0, 404, 200))), 'server.port', toInt64(8080), 'http.response.body.size', toInt64(exp(6 + ${normal('size')}))))`;

const emptyStrings = `CAST(map(), 'Map(LowCardinality(String), String)')`;
const stack = `concat(arrayStringConcat(arrayMap(k -> concat('  at com.example.', nouns[(op + k) % 12 + 1], '.Handler', toString((op + k) % 40), '.process(Handler.java:', toString(op * 7 % 900 + k), ')'), range(12)), char(10)))`;

/**
 * One chunk of traces as a SELECT over the columns of `spans` (storage/schema), plus `arrival`.
 * @param from first trace number
 * @param count traces
 */
export function generatorSelect(from: number, count: number): string {
  const trace = `(SELECT number AS t, ${hash("'len'", 'number')} % 13 + 8 AS n, ${hash("'type'", 'number')} % 200 AS type FROM numbers(${from}, ${count}))`;
  const placed = `(SELECT t, i, type,
      if(${hash("'noise'", 't', 'i')} % 10 = 0, ${hash("'noise2'", 't', 'i')}, ${hash("'svc'", 'type', 'intDiv(i, 3)')}) % 50 AS service_no,
      toUInt32(service_no * 40 + ${hash("'op'", 'type', 'i')} % 40) AS op,
      toUInt32(service_no * 40 + ${hash("'inst'", 't', 'service_no')} % 40) AS instance
    FROM ${trace} ARRAY JOIN range(n) AS i)`;
  return `WITH ['orders','users','carts','items','prices','stock','payments','invoices','shipments',
    'reviews','sessions','offers'] AS nouns
  SELECT
    toStartOfInterval(time, toIntervalSecond(${bucketS})) AS bucket,
    toUInt64(${hash("'batch'", 'arrival')}) AS batch,
    toFixedString(sipHash128('${generatorSeed}', t), 16) AS trace_id,
    toFixedString(
      reinterpretAsString(reinterpret(${hash("'span'", 't', 'i')}, 'FixedString(8)')), 8)
      AS span_id,
    if(i = 0, toFixedString('', 8), reinterpret(${hash("'span'", 't', `toUInt64(i - 1 - floor(pow(${uniform("'p'", 't', 'i')}, 2) * least(i - 1, 4)))`)}, 'FixedString(8)')) AS parent_span_id,
    fromUnixTimestamp64Nano(toInt64(${generatorStartNs}
      + t * ${(spansPerTrace * 1e9) / spansPerSecond}
      + i * 3000000 + ${hash("'jit'", 't', 'i')} % 3000000), 'UTC') AS time,
    toInt64(exp(13 + op % 50 / 10 + 0.8 * ${normal('dur')})) AS duration,
    concat('svc-', toString(service_no)) AS service,
    multiIf(kind = 2, concat(['GET','GET','GET','POST','PUT'][op % 5 + 1], ' ', ${route}), kind = 3, concat(['GET','GET','GET','POST','PUT'][op % 5 + 1], ' ', toString(op)), kind = 4, concat(['SELECT','SELECT','UPDATE','INSERT'][op % 4 + 1], ' ', ${table}), concat('Handler', toString(op), '.process')) AS name,
    toUInt8(${kinds}) AS kind,
    ${hash("'err'", 't', 'i')} % 100 = 0 AS failed,
    toUInt8(if(failed, 2, 0)) AS status_code,
    if(failed, 'upstream request failed', '') AS status_message,
    '' AS trace_state, toUInt32(257) AS flags,
    toUInt32(0) AS dropped_attributes, toUInt32(0) AS dropped_events, toUInt32(0) AS dropped_links,
    ${hash("'resource'", 'instance')} AS resource_id, ${hash("'scope'", 'service_no % 5', 'kind')} AS scope_id,
    multiIf(i = 0, ${entryStrings}, kind = 4, ${databaseStrings},
      kind = 1, ${internalStrings}, ${httpStrings}) AS attributes_string,
    ${ints} AS attributes_int,
    if(op % 40 = 7, map('app.sampling.ratio', ${uniform("'ratio'", 't')}), map()) AS attributes_float,
    if(kind = 1, map('app.cache.hit', toBool(${hash("'hit'", 't', 'i')} % 3 > 0)), map()) AS attributes_bool,
    ${emptyStrings} AS attributes_other,
    if(failed, [time + toIntervalNanosecond(duration)],

      if(${hash("'ev'", 't', 'i')} % 30 = 0, [time + toIntervalNanosecond(1000)], []))
      AS \`events.time\`,
    if(failed, ['exception'], if(${hash("'ev'", 't', 'i')} % 30 = 0, ['cache.miss'], [])) AS \`events.name\`,
    if(failed, [map('exception.type', concat('com.example.', nouns[op % 12 + 1], '.Failure'), 'exception.message', concat('order ', toString(${idA}), ' not found'), 'exception.stacktrace', ${stack})],
      if(${hash("'ev'", 't', 'i')} % 30 = 0, [map('cache.key', concat('k', toString(${idA})))], [])) AS \`events.attributes\`,
    intDiv(reinterpretAsInt64(reinterpret(time, 'FixedString(8)')) + duration + ${hash("'phase'", 'instance')} % 5000000000, 5000000000) AS arrival
  FROM ${placed}`;
}
