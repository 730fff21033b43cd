/*
 * Patterns for whole lines of well-known logs; what they capture is named as in the Elastic Common
 * Schema. Written as templates of fields: `orDash('IP', 'client.address')` is a field that the log
 * shows as `-` when there is none.
 */

import {
  agent,
  client,
  clock,
  field,
  inBrackets,
  inQuotes,
  int,
  isoTime,
  level,
  message,
  optional,
  or,
  orDash,
  pid,
  referrer,
  requestLine,
  status,
  syslogTime,
  token,
  word,
} from './fields.ts';
import { networkPatterns } from './network-patterns.ts';
import { servicePatterns } from './service-patterns.ts';

function httpd(): Record<string, string> {
  const time = inBrackets(field('HTTPDERROR_DATE', 'timestamp'));
  const proxyError =
    ` \\(${field('POSINT', 'apache.error.proxy.error.code')}\\)?` +
    `${field('DATA', 'apache.error.proxy.error.message')}:`;
  const port = optional(`:${field('POSINT', 'source.port', 'int')}`);
  const process =
    `\\[pid ${field('POSINT', 'process.pid', 'long')}` + `(:tid ${int('process.thread.id')})?\\]`;
  return {
    HTTPDUSER: '%{EMAILADDRESS}|%{USER}',
    HTTPDERROR_DATE: '%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{YEAR}',
    HTTPD_COMMONLOG: [
      client,
      orDash('HTTPDUSER', 'apache.access.user.identity'),
      orDash('HTTPDUSER', 'user.name'),
      inBrackets(field('HTTPDATE', 'timestamp')),
      inQuotes(`(?:${requestLine(token('url.original'))}|%{DATA})`),
      status('-'),
      orDash('INT', 'http.response.body.size', 'long'),
    ].join(' '),
    HTTPD_COMBINEDLOG: `%{HTTPD_COMMONLOG} ${referrer} ${agent}`,
    HTTPD20_ERRORLOG:
      `${time} ${inBrackets(level)} ` +
      `${optional(`${inBrackets(`client ${client}`)} `)}${message}`,
    HTTPD24_ERRORLOG: [
      `${time} ${inBrackets(`${optional(word('apache.error.module'))}:${level}`)} ${process}`,
      optional(proxyError),
      optional(` ${inBrackets(`client ${client}${port}`)}`),
      optional(` ${field('DATA', 'error.code')}:`),
      ` ${message}`,
    ].join(''),
    HTTPD_ERRORLOG: '%{HTTPD20_ERRORLOG}|%{HTTPD24_ERRORLOG}',
    COMMONAPACHELOG: '%{HTTPD_COMMONLOG}',
    COMBINEDAPACHELOG: '%{HTTPD_COMBINEDLOG}',
  };
}

function syslog(): Record<string, string> {
  const pam = 'system.auth.pam';
  return {
    SYSLOG5424PRINTASCII: '[!-~]+',
    SYSLOGBASE2:
      syslogTime +
      optional(' %{SYSLOGFACILITY}') +
      optional(` ${field('SYSLOGHOST', 'host.name')}`) +
      optional(' %{SYSLOGPROG}:'),
    SYSLOGPAMSESSION:
      `%{SYSLOGBASE} (${message})${word(`${pam}.module`)}\\(${field('DATA', `${pam}.origin`)}\\): ` +
      `session ${word(`${pam}.session_state`)} for user ${field('USERNAME', 'user.name')}` +
      optional(' by %{GREEDYDATA}'),
    CRON_ACTION: '[A-Z ]+',
    CRONLOG:
      `%{SYSLOGBASE} \\(${field('USER', 'user.name')}\\) ` +
      `${field('CRON_ACTION', 'system.cron.action')} \\(${field('DATA', 'message')}\\)`,
    SYSLOGLINE: `%{SYSLOGBASE2} ${message}`,
    SYSLOG5424PRI: `<${field('NONNEGINT', 'log.syslog.priority', 'int')}>`,
    SYSLOG5424SD: '\\[%{DATA}\\]+',
    SYSLOG5424BASE: [
      `%{SYSLOG5424PRI}${field('NONNEGINT', 'system.syslog.version')}`,
      orDash('TIMESTAMP_ISO8601', 'timestamp'),
      orDash('IPORHOST', 'host.name'),
      orDash('SYSLOG5424PRINTASCII', 'process.command'),
      orDash('POSINT', 'process.pid', 'int'),
      orDash('SYSLOG5424PRINTASCII', 'event.code'),
      `${orDash('SYSLOG5424SD', 'system.syslog.structured_data')}?`,
    ].join(' +'),
    SYSLOG5424LINE: `%{SYSLOG5424BASE} +${message}`,
  };
}

function java(): Record<string, string> {
  const name = '[a-zA-Z$_][a-zA-Z$_0-9]*';
  const className = field('JAVACLASS', 'java.log.origin.class.name');
  const method = field('JAVAMETHOD', 'log.origin.function');
  const rest = field('JAVALOGMESSAGE', 'message');
  const anyOf = (...names: string[]): string =>
    names.map((pattern) => `(?:%{${pattern}})`).join('|');
  return {
    JAVACLASS: `(?:${name}\\.)*${name}`,
    JAVAFILE: '(?:[a-zA-Z$_0-9. -]+)',
    JAVAMETHOD: `(?:(<(?:cl)?init>)|${name})`,
    JAVASTACKTRACEPART:
      `%{SPACE}at ${className}\\.${method}\\(${field('JAVAFILE', 'log.origin.file.name')}` +
      `${optional(`:${int('log.origin.file.line')}`)}\\)`,
    JAVATHREAD: '(?:[A-Z]{2}-Processor[\\d]+)',
    JAVALOGMESSAGE: '(?:.*)',
    CATALINA7_DATESTAMP: `%{MONTH} %{MONTHDAY}, %{YEAR} ${clock} (?:AM|PM)`,
    CATALINA7_LOG:
      `${field('CATALINA7_DATESTAMP', 'timestamp')} ${className}${optional(` ${method}`)}\\s*` +
      `${optional(`${level}:`)} ${rest}`,
    CATALINA8_DATESTAMP: `%{MONTHDAY}-%{MONTH}-%{YEAR} ${clock}`,
    CATALINA8_LOG:
      `${field('CATALINA8_DATESTAMP', 'timestamp')} ${level} ` +
      `${inBrackets(field('DATA', 'java.log.origin.thread.name'))} ` +
      `${className}\\.${optional(method)} ${rest}`,
    CATALINA_DATESTAMP: anyOf('CATALINA8_DATESTAMP', 'CATALINA7_DATESTAMP'),
    CATALINALOG: anyOf('CATALINA8_LOG', 'CATALINA7_LOG'),
    TOMCAT7_LOG: '%{CATALINA7_LOG}',
    TOMCAT8_LOG: '%{CATALINA8_LOG}',
    TOMCATLEGACY_DATESTAMP: `%{YEAR}-%{MONTHNUM}-%{MONTHDAY} ${clock}${optional(' %{ISO8601_TIMEZONE}')}`,
    TOMCATLEGACY_LOG: `${field('TOMCATLEGACY_DATESTAMP', 'timestamp')} \\| ${level} \\| ${className} - ${rest}`,
    TOMCAT_DATESTAMP: anyOf('CATALINA8_DATESTAMP', 'CATALINA7_DATESTAMP', 'TOMCATLEGACY_DATESTAMP'),
    TOMCATLOG: anyOf('TOMCAT8_LOG', 'TOMCAT7_LOG', 'TOMCATLEGACY_LOG'),
  };
}

function databases(): Record<string, string> {
  const mongo = 'db.mongodb';
  const counter = (name: string): string =>
    `${name}:${field('NONNEGINT', `${mongo}.profile.${name}`, 'int')}`;
  const query = field('MONGO_QUERY_CONTENT', `${mongo}.query.original`);
  const monitor = `${int('redis.database.id').replace(':int', '')} ${field('IP', 'client.address')}`;
  return {
    REDISTIMESTAMP: '%{MONTHDAY} %{MONTH} %{TIME}',
    REDISLOG: `${inBrackets(pid)} ${field('REDISTIMESTAMP', 'timestamp')} \\*`,
    REDISMONLOG:
      `${field('NUMBER', 'timestamp')} ` +
      `${inBrackets(`${monitor}:${field('POSINT', 'client.port', 'int')}`)} ` +
      `${inQuotes(word('redis.command.name'))}\\s?${field('GREEDYDATA', 'redis.command.args')}`,
    MONGO_LOG:
      `${field('SYSLOGTIMESTAMP', 'timestamp')} ` +
      `${inBrackets(word(`${mongo}.component`))} ${message}`,
    MONGO_QUERY_CONTENT: '(.*?)',
    MONGO_QUERY: `\\{ ${field('MONGO_QUERY_CONTENT', 'MONGO_QUERY')} \\} ntoreturn:`,
    MONGO_SLOWQUERY:
      `${word(`${mongo}.profile.op`)} ${field('MONGO_WORDDASH', `${mongo}.database`)}\\.` +
      `${field('MONGO_WORDDASH', `${mongo}.collection`)} %{WORD}: \\{ ${query} \\} ` +
      `${counter('ntoreturn')} ${counter('ntoskip')} ${counter('nscanned')}.*? ` +
      `${counter('nreturned')}.*? ${int(`${mongo}.profile.duration`)}ms`,
    MONGO_WORDDASH: '\\b[\\w-]+\\b',
    MONGO3_SEVERITY: '\\w',
    MONGO3_COMPONENT: '%{WORD}',
    MONGO3_LOG:
      `${isoTime} ${field('MONGO3_SEVERITY', 'log.level')} ` +
      `${orDash('MONGO3_COMPONENT', `${mongo}.component`)}%{SPACE}` +
      `${optional(inBrackets(field('DATA', `${mongo}.context`)))} ${message}`,
    POSTGRESQL: [
      field('DATESTAMP', 'timestamp'),
      field('TZ', 'event.timezone'),
      field('DATA', 'user.name'),
      field('GREEDYDATA', 'postgresql.log.connection_id'),
      pid,
    ].join(' '),
  };
}

function haproxy(): Record<string, string> {
  const time = `(?:${field('SYSLOGTIMESTAMP', 'timestamp')}|${isoTime})`;
  const orNone = (name: string): string => or('-1', 'INT', `haproxy.${name}`, 'int');
  const captured = (way: string, what: string): string =>
    orDash('DATA', `haproxy.http.${way}.captured_${what}`);
  const source =
    `${field('IP', 'source.address')}:${int('source.port')} ` +
    `${inBrackets(field('HAPROXYDATE', 'haproxy.request_date'))} ` +
    `${token('haproxy.frontend_name')} ${token('haproxy.backend_name')}/` +
    or('<NOSRV>', 'NOTSPACE', 'haproxy.server_name');
  const bytes = field('INT', 'source.bytes', 'long');
  const connections = 'active frontend backend server retries'
    .split(' ')
    .map((name) => int(`haproxy.connections.${name}`))
    .join('/');
  const queues = `${int('haproxy.server_queue')}/${int('haproxy.backend_queue')}`;
  const end = `${token('haproxy.termination_state')} ${connections} ${queues}`;
  const waiting = ['total_waiting_time_ms', 'connection_wait_time_ms'].map(orNone).join('/');
  const total = token('haproxy.total_time_ms');
  const user = `${field('USER', 'url.username')}${optional(':[^@]*')}@`;
  const host = `${field('IPORHOST', 'url.domain')}${optional(`:${field('POSINT', 'url.port', 'int')}`)}`;
  const path = `${field('URIPATH', 'url.path')}${optional(`\\?${field('URIQUERY', 'url.query')}`)}`;
  const headers = ` \\{%{HAPROXYCAPTUREDREQUESTHEADERS}\\}${optional(' \\{%{HAPROXYCAPTUREDRESPONSEHEADERS}\\}')}`;
  return {
    HAPROXYTIME: '\\b%{HOUR}:%{MINUTE}(:%{SECOND})?\\b',
    HAPROXYDATE: '%{MONTHDAY}/%{MONTH}/%{YEAR}:%{HAPROXYTIME}.%{INT}',
    HAPROXYCAPTUREDREQUESTHEADERS: captured('request', 'headers'),
    HAPROXYCAPTUREDRESPONSEHEADERS: captured('response', 'headers'),
    HAPROXYURI:
      optional(`${field('URIPROTO', 'url.scheme')}://`) +
      optional(user) +
      optional(host) +
      optional(path),
    HAPROXYHTTPREQUESTLINE: `(?:<BADREQ>|(?:${requestLine(field('HAPROXYURI', 'url.original'))}))`,
    HAPROXYHTTPBASE: [
      source,
      `${orNone('http.request.time_wait_ms')}/${waiting}/` +
        `${orNone('http.request.time_wait_without_data_ms')}/${total}`,
      field('INT', 'http.response.status_code', 'int'),
      bytes,
      orDash('DATA', 'haproxy.http.request.captured_cookie'),
      captured('response', 'cookie'),
      `${end}${optional(headers)}${optional(' "%{HAPROXYHTTPREQUESTLINE}"?')}`,
    ].join(' '),
    HAPROXYHTTP: `${time} ${field('IPORHOST', 'host.name')} %{SYSLOGPROG}: %{HAPROXYHTTPBASE}`,
    HAPROXYTCP:
      `${time} ${field('IPORHOST', 'host.name')} %{SYSLOGPROG}: ${source} ${waiting}/${total} ` +
      `${bytes} ${end}`,
  };
}

function others(): Record<string, string> {
  const ruby = `#${pid}`;
  return {
    RUBY_LOGLEVEL: '(?:DEBUG|FATAL|ERROR|WARN|INFO)',
    RUBY_LOGGER:
      `[DFEWI], ${inBrackets(`${isoTime} ${ruby}`)} *${field('RUBY_LOGLEVEL', 'log.level')} -- +` +
      `${field('DATA', 'process.command')}: ${message}`,
    SQUID3_STATUS: `(?:${field('POSINT', 'http.response.status_code', 'int')}|0|000)`,
    SQUID3: [
      `${field('NUMBER', 'timestamp')}\\s+${field('NUMBER', 'squid.request.duration', 'int')}`,
      field('IP', 'source.address'),
      `${word('event.action')}/%{SQUID3_STATUS}`,
      field('INT', 'http.response.bytes', 'long'),
      word('http.request.method'),
      token('url.original'),
      orDash('NOTSPACE', 'user.name'),
      `${word('squid.hierarchy_code')}/${orDash('IPORHOST', 'destination.address')}`,
      orDash('NOTSPACE', 'http.response.mime_type'),
    ].join('\\s'),
    MAVEN_VERSION: '(?:(\\d+)\\.)?(?:(\\d+)\\.)?(\\*|\\d+)(?:[.-](RELEASE|SNAPSHOT))?',
    MCOLLECTIVE: `., ${inBrackets(`${isoTime} ${ruby}`)}%{SPACE}${level}`,
    MCOLLECTIVEAUDIT: `${isoTime}:`,
  };
}

/** Patterns of logs by name; they go before the base ones. */
export const logPatterns: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...httpd(),
    ...syslog(),
    ...java(),
    ...databases(),
    ...haproxy(),
    ...others(),
    ...networkPatterns(),
    ...servicePatterns(),
  }),
);
