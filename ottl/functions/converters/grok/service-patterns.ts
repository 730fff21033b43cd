import {
  agent,
  field,
  inBrackets,
  inQuotes,
  int,
  level,
  optional,
  or,
  orDash,
  referrer,
  requestLine,
  status,
  token,
  word,
} from './fields.ts';

const port = (name: string): string => field('POSINT', name, 'int');
const data = (name: string): string => field('DATA', name);
const long = (name: string): string => field('INT', name, 'long');

function s3(): Record<string, string> {
  const own = (pattern: string, name: string, type?: string): string =>
    orDash(pattern, `aws.s3access.${name}`, type);
  const s3Tail = [
    own('NOTSPACE', 'host_id'),
    own('NOTSPACE', 'signature_version'),
    orDash('NOTSPACE', 'tls.cipher'),
    own('NOTSPACE', 'authentication_type'),
    own('NOTSPACE', 'host_header'),
    own('NOTSPACE', 'tls_version'),
  ].join(' ');
  return {
    S3_REQUEST_LINE: `(?:${requestLine(token('url.original'))})`,
    S3_ACCESS_LOG: [
      word('aws.s3access.bucket_owner'),
      token('aws.s3access.bucket'),
      inBrackets(field('HTTPDATE', 'timestamp')),
      orDash('IP', 'client.address'),
      orDash('NOTSPACE', 'client.user.id'),
      token('aws.s3access.request_id'),
      token('aws.s3access.operation'),
      own('NOTSPACE', 'key'),
      `(?:-|${inQuotes(field('S3_REQUEST_LINE', 'aws.s3access.request_uri'))})`,
      status('-'),
      own('NOTSPACE', 'error_code'),
      own('INT', 'bytes_sent', 'long'),
      own('INT', 'object_size', 'long'),
      own('INT', 'total_time', 'int'),
      own('INT', 'turn_around_time', 'int'),
      referrer,
      agent,
      own('NOTSPACE', 'version_id') + optional(` ${s3Tail}`),
    ].join(' '),
  };
}

function elasticLoadBalancing(): Record<string, string> {
  const elb = 'aws.elb';
  const seconds = (name: string): string =>
    or('-1', 'NUMBER', `${elb}.${name}_processing_time.sec`, 'float');
  const elbTail = ` ${agent} ${orDash('NOTSPACE', 'tls.cipher')} ${orDash('NOTSPACE', `${elb}.ssl_protocol`)}`;
  return {
    ELB_URIHOST: field('IPORHOST', 'url.domain') + optional(`:${port('url.port')}`),
    ELB_URIPATHQUERY:
      field('URIPATH', 'url.path') + optional(`\\?${field('URIQUERY', 'url.query')}`),
    ELB_URIPATHPARAM: '%{ELB_URIPATHQUERY}',
    ELB_URI:
      `${field('URIPROTO', 'url.scheme')}://` +
      optional(`${field('USER', 'url.username')}${optional(':[^@]*')}@`) +
      optional('%{ELB_URIHOST}') +
      optional('%{ELB_URIPATHQUERY}'),
    ELB_REQUEST_LINE: `(?:${requestLine(field('ELB_URI', 'url.original'))})`,
    ELB_V1_HTTP_LOG: [
      field('TIMESTAMP_ISO8601', 'timestamp'),
      token(`${elb}.name`),
      `${field('IP', 'source.address')}:${int('source.port')}`,
      `(?:-|(?:${field('IP', `${elb}.backend.ip`)}:${int(`${elb}.backend.port`)}))`,
      ...['request', 'backend', 'response'].map(seconds),
      int('http.response.status_code'),
      orDash('INT', `${elb}.backend.http.response.status_code`, 'int'),
      long('http.request.body.size'),
      long('http.response.body.size'),
      inQuotes('%{ELB_REQUEST_LINE}') + optional(elbTail),
    ].join(' '),
    ELB_ACCESS_LOG: '%{ELB_V1_HTTP_LOG}',
  };
}

function cloudFront(): Record<string, string> {
  const front = (pattern: string, name: string, type?: string): string =>
    orDash(pattern, `aws.cloudfront.${name}`, type);
  const frontTail = [
    '',
    `(?:-|HTTP/${field('NUMBER', 'http.version')})`,
    front('DATA', 'fle_status'),
    front('DATA', 'fle_encrypted_fields'),
    int('source.port'),
    field('NUMBER', 'aws.cloudfront.time_to_first_byte', 'float'),
    front('DATA', 'x_edge_detailed_result_type'),
    orDash('NOTSPACE', 'http.request.mime_type'),
    front('INT', 'http.request.size', 'long'),
    front('INT', 'http.request.range.start', 'long'),
    front('INT', 'http.request.range.end', 'long'),
  ].join('\\t');
  return {
    CLOUDFRONT_ACCESS_LOG:
      [
        '(?<timestamp>%{YEAR}[-]%{MONTHNUM}[-]%{MONTHDAY}',
        '%{TIME})',
        word('aws.cloudfront.x_edge_location'),
        orDash('INT', 'destination.bytes', 'long'),
        field('IPORHOST', 'source.address'),
        word('http.request.method'),
        field('HOSTNAME', 'url.domain'),
        token('url.path'),
        status('(?:000)'),
        orDash('DATA', 'http.request.referrer'),
        data('user_agent.original'),
        orDash('DATA', 'url.query'),
        front('DATA', 'http.request.cookie'),
        word('aws.cloudfront.x_edge_result_type'),
        token('aws.cloudfront.x_edge_request_id'),
        field('HOSTNAME', 'aws.cloudfront.http.request.host'),
        field('URIPROTO', 'network.protocol.name'),
        orDash('INT', 'source.bytes', 'long'),
        field('NUMBER', 'aws.cloudfront.time_taken', 'float'),
        orDash('IP', 'network.forwarded_ip'),
        front('DATA', 'ssl_protocol'),
        orDash('NOTSPACE', 'tls.cipher'),
        word('aws.cloudfront.x_edge_response_result_type'),
      ].join('\\t') + optional(frontTail),
  };
}

const dnsTypes =
  'A AAAA CAA CDNSKEY CDS CERT CNAME CSYNC DLV DNAME DNSKEY DS HINFO LOC MX NAPTR NS NSEC NSEC3 ' +
  'OPENPGPKEY PTR RRSIG RP SIG SMIMEA SOA SRV TSIG TXT URI IN';

function bind(): Record<string, string> {
  const question = field('GREEDYDATA', 'dns.question.name');
  return {
    BIND9_TIMESTAMP: '%{MONTHDAY}[-]%{MONTH}[-]%{YEAR} %{TIME}',
    BIND9_DNSTYPE: `(?:${dnsTypes.split(' ').join('|')})`,
    BIND9_CATEGORY: '(?:queries)',
    BIND9_QUERYLOGBASE:
      `client(:? @0x(?:[0-9A-Fa-f]+))? ${field('IP', 'client.address')}#${port('client.port')} ` +
      `\\(${field('GREEDYDATA', 'bind.log.question.name')}\\): query: ${question} ` +
      `(?P<dns___question___class>(?:IN)) ${field('BIND9_DNSTYPE', 'dns.question.type')}` +
      `(:? ${data('bind.log.question.flags')})? \\(${field('IP', 'server.address')}\\)`,
    // the field's name is misspelt wherever this pattern is known
    BIND9_QUERYLOG:
      `${field('BIND9_TIMESTAMP', 'timestamp')} ${field('BIND9_CATEGORY', 'bing.log.category')}: ` +
      `${level}: %{BIND9_QUERYLOGBASE}`,
    BIND9: '%{BIND9_QUERYLOG}',
  };
}

function rails(): Record<string, string> {
  const own = (name: string, pattern: string): string =>
    `(?P<${`rails.${name}`.replaceAll('.', '___')}>${pattern})`;
  const duration = (name: string): string =>
    `${field('NUMBER', `rails.request.duration.${name}`, 'float')}ms`;
  const record = `ActiveRecord: ${duration('active_record')}`;
  const time = '%{YEAR}-%{MONTHNUM}-%{MONTHDAY} %{HOUR}:%{MINUTE}:%{SECOND} %{ISO8601_TIMEZONE}';
  return {
    RUUID: '\\S{32}',
    RCONTROLLER: `${own('controller.class', '[^#]+')}#${own('controller.action', '\\w+')}`,
    RAILS3HEAD:
      `(?m)Started ${word('http.request.method')} ` +
      `${inQuotes(field('URIPATHPARAM', 'url.original'))} for ` +
      `${field('IPORHOST', 'source.address')} at (?<timestamp>${time})`,
    RPROCESSING:
      `\\W*Processing by %{RCONTROLLER} as ${own('request.format', '\\S+')}` +
      optional(`\\W*Parameters: {${data('rails.request.params')}}\\W*`),
    RAILS3FOOT:
      `Completed ${field('POSINT', 'http.response.status_code', 'int')}%{DATA} in ` +
      `${duration('total')} %{RAILS3PROFILE}%{GREEDYDATA}`,
    RAILS3PROFILE: `(?:\\(Views: ${duration('view')} \\| ${record}|\\(${record})?`,
    RAILS3:
      `%{RAILS3HEAD}${optional('%{RPROCESSING}')}` +
      `${own('request.explain.original', '(?:%{DATA}\\n)*')}${optional('%{RAILS3FOOT}')}`,
  };
}

function exim(): Record<string, string> {
  const mail = (name: string): string => field('EMAILADDRESS', `exim.log.${name}.email`);
  const noPort = optional(`:${port('source.port')}`);
  const fields = [
    ...'REMOTE_HOST INTERFACE PROTOCOL MSG_SIZE HEADER_ID SUBJECT'.split(' '),
    'UNKNOWN_FIELD',
  ].map((name) => `%{EXIM_${name}}`);
  const lost =
    ' retry time not reached | no (IP address|host name) found for (IP address|host) | ' +
    'unexpected disconnection while reading SMTP command | no immediate delivery: |' +
    'another process is handling this message';
  return {
    EXIM_MSGID: ['{6}', '{6}', '{2}'].map((times) => `[0-9A-Za-z]${times}`).join('-'),
    EXIM_FLAGS: `(?:${['<=', '=>', '->', '\\*>', '\\*\\*', '==', '<>', '>>'].join('|')})`,
    EXIM_DATE: '(:?%{YEAR}-%{MONTHNUM}-%{MONTHDAY} %{TIME})',
    EXIM_PID: inBrackets(port('process.pid')),
    EXIM_QT: `(${[...'ywdhms'].map((unit) => `(\\d+${unit})?`).join('')})`,
    EXIM_EXCLUDE_TERMS: `(Message is frozen|(Start|End) queue run| Warning: |${lost})`,
    EXIM_REMOTE_HOST:
      `(H=(\\(${token('source.host.name')}\\) )?(\\(${token('exim.log.remote_address')}\\) )?` +
      `${inBrackets(field('IP', 'source.address'))}${noPort})`,
    EXIM_INTERFACE:
      `(I=${inBrackets(field('IP', 'destination.address'))}` +
      `(?::${field('NUMBER', 'destination.port', 'int')}))`,
    EXIM_PROTOCOL: `(P=${token('network.protocol.name')})`,
    EXIM_MSG_SIZE: `(S=${field('NUMBER', 'exim.log.message.body.size', 'int')})`,
    EXIM_HEADER_ID: `(id=${token('exim.log.header_id')})`,
    EXIM_QUOTED_CONTENT: '(?:\\\\.|[^\\\\"])*',
    EXIM_SUBJECT: `(T=${inQuotes(field('EXIM_QUOTED_CONTENT', 'exim.log.message.subject'))})`,
    EXIM_UNKNOWN_FIELD: '(?:[A-Za-z0-9]{1,4}=(?:%{QUOTEDSTRING}|%{NOTSPACE}))',
    EXIM_NAMED_FIELDS: `(?: (?:${fields.join('|')}))*`,
    EXIM_MESSAGE_ARRIVAL:
      `${field('EXIM_DATE', 'timestamp')} ${optional('%{EXIM_PID} ')}` +
      `${field('EXIM_MSGID', 'exim.log.message.id')} (?P<exim___log___flags>\\<\\=) ` +
      `((?P<exim___log___status>[a-z:]) )?${mail('sender')}%{EXIM_NAMED_FIELDS}` +
      optional(
        `${optional(` from \\<?${data('exim.log.sender.original')}\\>?`)} for ${mail('recipient')}`,
      ),
    EXIM: '%{EXIM_MESSAGE_ARRIVAL}',
  };
}

/** Patterns of AWS, BIND 9, Rails and Exim. */
export function servicePatterns(): Record<string, string> {
  return { ...s3(), ...elasticLoadBalancing(), ...cloudFront(), ...bind(), ...rails(), ...exim() };
}
