import { each, type Group, kinds } from '../model.ts';

const apache =
  '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326';
const lines = [
  apache,
  `${apache} "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"`,
  '127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "-" 408 -',
  'Jan  1 06:25:43 mailserver14 postfix/cleanup[21403]: BEEF25A72965: message-id=<x@y>',
  '<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - BOM su root failed',
  'Oct 11 22:14:15 host CRON[123]: (root) CMD (run-parts /etc/cron.hourly)',
  '[Wed Oct 11 14:32:52 2000] [error] [client 127.0.0.1] client denied by server',
  '[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187] File does not exist',
  '192.168.1.1 - 2001:db8::1 host.example.com 8080',
  '2023-05-26T12:34:56.789Z INFO something happened',
  'http://user:pw@example.com:8080/path/x?q=1&r=2',
  '3.14 -42 0xff 1e5 true',
  '00:1B:44:11:3A:B7 001b.4411.3ab7 00-1B-44-11-3A-B7',
  '/usr/local/bin C:\\Windows\\System32',
  'user@example.com 550e8400-e29b-41d4-a716-446655440000',
  'I, [2023-05-26T12:34:56.000001 #4321]  INFO -- myapp: started',
  '2023-05-26T12:34:56.789+0200 I NETWORK  [conn1] end connection 127.0.0.1:34567',
  '1286536309.586    921 192.168.0.68 TCP_MISS/200 507 POST http://rad.live.com/x - DIRECT/207.46.148.32 application/json',
  '\tat com.example.Foo.bar(Foo.java:42)',
  '"quoted \\" text" and more',
  'nothing to see',
  '',
];

const patterns = [
  '%{COMMONAPACHELOG}',
  '%{COMBINEDAPACHELOG}',
  '%{SYSLOGBASE}',
  '%{SYSLOGLINE}',
  '%{SYSLOG5424LINE}',
  '%{CRONLOG}',
  '%{HTTPD_ERRORLOG}',
  '%{IP}',
  '%{IP:client.ip}',
  '%{IPORHOST:host} .*',
  '%{TIMESTAMP_ISO8601:time} %{LOGLEVEL:level} %{GREEDYDATA:message}',
  '%{URI}',
  '%{URI:url.full}',
  '%{NUMBER:n:float} %{INT:i:int}',
  '%{NUMBER:n:int}',
  '%{WORD:w:string} %{WORD:x:boolean}',
  '%{MAC:mac}',
  '%{PATH:path}',
  '%{EMAILADDRESS:mail} %{UUID:id}',
  '%{RUBY_LOGGER}',
  '%{MONGO3_LOG}',
  '%{SQUID3}',
  '%{JAVASTACKTRACEPART}',
  '%{QS:quoted}',
  '%{IPV6:six}',
  '%{HOSTPORT}',
  '%{DATA:d} %{GREEDYDATA:rest}',
  '%{HTTPDATE:when}',
  '%{DAY:day} %{MONTH:month}',
  '(?P<own>\\\\w+) %{NOTSPACE:next}',
  'plain text',
  '%{WORD:a.b.c}',
  '%{INT:x:wrong}',
];

/** Grok. */
export const grokCases: readonly Group[] = [
  {
    name: 'ExtractGrokPatterns',
    expressions: [
      ...patterns.map((pattern) => `ExtractGrokPatterns(attributes["a"], "${pattern}")`),
      ...patterns
        .filter((pattern) => /:|own|LOG|SYSLOG|SQUID|RUBY|JAVA/.test(pattern))
        .map((pattern) => `ExtractGrokPatterns(attributes["a"], "${pattern}", true)`),
      'ExtractGrokPatterns(attributes["a"], "%{MINE:x} %{WORD:y}", true, ["MINE=\\\\d+"])',
      'ExtractGrokPatterns(attributes["a"], "%{MINE}", pattern_definitions=["MINE=%{OTHER:o}", "OTHER=[a-z]+"])',
      'ExtractGrokPatterns(attributes["a"], "%{INT}", false, ["INT=x"])',
      'ExtractGrokPatterns(attributes["a"], attributes["a"])',
    ],
    inputs: each(...lines, ...kinds),
  },
];
