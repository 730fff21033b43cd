/*
 * The patterns that every grok has, by their well-known names. References inside them matter: a
 * reference without a name of its own is captured under the pattern's name.
 */

const octet = '(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)';
const v4Octet = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const v4InV6 = `(${v4Octet}(\\.${v4Octet}){3})`;
const hexGroup = '[0-9A-Fa-f]{1,4}';

/**
 * IPv6 in text: `before` groups, then what is left of `::` (RFC 4291, with an IPv4 address at the
 * end where two groups fit), and a zone.
 */
function ipv6(): string {
  const forms: string[] = [`((${hexGroup}:){7}(${hexGroup}|:))`];
  forms.push(`((${hexGroup}:){6}(:${hexGroup}|${v4InV6}|:))`);
  for (let before = 5; before >= 1; before -= 1) {
    const after = 7 - before;
    const groups = before === 5 ? '' : `(:${hexGroup}){0,${after - 2}}`;
    const skipped = before === 4 ? `(:${hexGroup})?` : groups;
    forms.push(
      `((${hexGroup}:){${before}}(((:${hexGroup}){1,${after}})|(${skipped}:${v4InV6})|:))`,
    );
  }
  forms.push(`(:(((:${hexGroup}){1,7})|((:${hexGroup}){0,5}:${v4InV6})|:))`);
  return `(${forms.join('|')})(%.+)?`;
}

/** A word in full or cut to three letters. */
function cut(words: string): string {
  const choices = words.split(' ').map((word) => {
    return word.length === 3 ? word : `${word.slice(0, 3)}(?:${word.slice(3)})?`;
  });
  return `\\b(?:${choices.join('|')})\\b`;
}

const label = '(?:[0-9A-Za-z][0-9A-Za-z-]{0,62})';
const quoted = (mark: string): string => `${mark}([^${mark}\\\\]*(\\\\.[^${mark}\\\\]*)*)${mark}`;
const pairs = (separator: string): string => `(?:(?:[A-Fa-f0-9]{2}${separator}){5}[A-Fa-f0-9]{2})`;

/** Words, numbers, addresses and paths. */
const words: Readonly<Record<string, string>> = {
  WORD: '\\b\\w+\\b',
  NOTSPACE: '\\S+',
  SPACE: '\\s*',
  DATA: '.*?',
  GREEDYDATA: '.*',
  INT: '(?:[+-]?(?:[0-9]+))',
  NUMBER: '(?:%{BASE10NUM})',
  BOOL: 'true|false',
  BASE10NUM: '([+-]?(?:[0-9]+(?:\\.[0-9]+)?)|\\.[0-9]+)',
  BASE16NUM: '[+-]?(?:0x)?[0-9A-Fa-f]+',
  BASE16FLOAT: '[+-]?(?:0x)?[0-9A-Fa-f]+(?:\\.[0-9A-Fa-f]*)?',
  POSINT: '\\b[1-9][0-9]*\\b',
  NONNEGINT: '\\b[0-9]+\\b',
  QUOTEDSTRING: `${quoted('"')}|${quoted("\\'")}`,
  QS: '%{QUOTEDSTRING}',
  UUID: '[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}',
  URN: "urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:[0-9A-Za-z()+,.:=@;$_!*'/?#-]+",
  IP: '(?:%{IPV6}|%{IPV4})',
  IPV6: ipv6(),
  IPV4: `(?:${octet}\\.){3}${octet}`,
  IPORHOST: '(?:%{IP}|%{HOSTNAME})',
  HOSTNAME: `\\b${label}(?:\\.${label})*(\\.?|\\b)`,
  EMAILLOCALPART: '[a-zA-Z][a-zA-Z0-9_.+-=:]+',
  EMAILADDRESS: '%{EMAILLOCALPART}@%{HOSTNAME}',
  USERNAME: '[a-zA-Z0-9._-]+',
  USER: '%{USERNAME}',
  MAC: '(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})',
  CISCOMAC: '(?:(?:[A-Fa-f0-9]{4}\\.){2}[A-Fa-f0-9]{4})',
  WINDOWSMAC: pairs('-'),
  COMMONMAC: pairs(':'),
  HOSTPORT: '%{IPORHOST}:%{POSINT}',
  UNIXPATH: '(/[\\w_%!$@:.,+~-]+)+',
  TTY: '/dev/(pts|tty([pq])?)(\\w+)?/?(?:[0-9]+)',
  WINPATH: '[A-Za-z]+:(\\\\[^\\\\?*]+)+',
  PATH: '(?:%{UNIXPATH}|%{WINPATH})',
  URIPROTO: '[A-Za-z][A-Za-z0-9+\\.-]+',
  URIHOST: '%{IPORHOST}(?::%{POSINT})?',
  URIPATH: "(/[A-Za-z0-9$.+!*'(){},~:;=@#%&_\\-]+)+",
  URIQUERY: "[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\\-\\[\\]<>]*",
  URIPARAM: '\\?%{URIQUERY}',
  URIPATHPARAM: '%{URIPATH}(?:\\?%{URIQUERY})?',
  URI: '%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?%{URIHOST}(?:%{URIPATH}(?:\\?%{URIQUERY})?)?',
};

/** Dates and times, and what begins a line of syslog. */
const times: Readonly<Record<string, string>> = {
  MONTH: cut(
    'January February March April May June July August September October November December',
  ),
  MONTHNUM: '(?:0[1-9]|1[0-2])',
  MONTHDAY: '(?:(?:0[1-9])|(?:[12][0-9])|(?:3[01])|[1-9])',
  DAY: cut('Monday Tuesday Wednesday Thursday Friday Saturday Sunday'),
  YEAR: '(\\d\\d){1,2}',
  HOUR: '(?:2[0123]|[01]?[0-9])',
  MINUTE: '(?:[0-5][0-9])',
  // 60 is a leap second
  SECOND: '(?:(?:[0-5][0-9]|60)(?:[:.,][0-9]+)?)',
  TIME: '%{HOUR}:%{MINUTE}(?::%{SECOND})?',
  DATE_US: '%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}',
  DATE_EU: '%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}',
  DATE: '%{DATE_US}|%{DATE_EU}',
  ISO8601_TIMEZONE: '(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))',
  ISO8601_SECOND: '%{SECOND}',
  TIMESTAMP_ISO8601:
    '%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?',
  DATESTAMP: '%{DATE}[- ]%{TIME}',
  TZ: '(?:[PMACE][SED]T|UTC)',
  DATESTAMP_RFC822: '%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}',
  DATESTAMP_RFC2822: '%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}',
  DATESTAMP_OTHER: '%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}',
  DATESTAMP_EVENTLOG: '%{YEAR}%{MONTHNUM}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}',
  HTTPDATE: '%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}',
  SYSLOGTIMESTAMP: '%{MONTH} +%{MONTHDAY} %{TIME}',
  PROG: '[!-Z\\\\^-~]+',
  SYSLOGPROG: '%{PROG}(?:\\[\\d+\\])?',
  SYSLOGHOST: '%{IPORHOST}',
  SYSLOGFACILITY: '<%{NONNEGINT}.%{NONNEGINT}>',
  SYSLOGBASE:
    '%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:host.name} %{SYSLOGPROG}:',
  LOGLEVEL:
    '(?i)(alert|trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|' +
    'fatal|severe|emerg(?:ency)?)',
};

/** Patterns that a definition of the user's own replaces. */
export const basePatterns: ReadonlyMap<string, string> = new Map(
  Object.entries({ ...words, ...times }),
);
