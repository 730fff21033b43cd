import { ciscoPatterns } from './cisco-patterns.ts';
import { field, inQuotes, int, optional, orDash, token, word } from './fields.ts';

const ip = (name: string): string => field('IP', name);
const data = (name: string): string => field('DATA', name);
const long = (name: string): string => field('INT', name, 'long');

/** Fields of a log with tabs: `pattern name type`, those with ! are always there. */
function tabbed(prefix: string, columns: readonly string[]): string {
  return columns
    .map((column) => {
      const [pattern, name, type] = column.replace('!', '').split(' ') as [string, string, string?];
      const full = name.startsWith('.') ? prefix + name : name;
      return column.startsWith('!') ? field(pattern, full, type) : orDash(pattern, full, type);
    })
    .join('\\t');
}

const ends = [
  '!NUMBER timestamp',
  '!NOTSPACE zeek.session_id',
  '!IP source.address',
  '!INT source.port int',
  '!IP destination.address',
  '!INT destination.port int',
];

const orEmpty = (name: string): string => `(?:\\(empty\\)|${field('BRO_DATA', name)})`;

function zeekHttp(): Record<string, string> {
  const body = (way: string): string => `NUMBER http.${way}.body.size long`;
  return {
    BRO_BOOL: '[TF]',
    BRO_DATA: '[^\\t]+',
    BRO_HTTP: [
      tabbed('zeek.http', [
        ...ends,
        '!INT .trans_depth int',
        'WORD http.request.method',
        'BRO_DATA url.domain',
        'BRO_DATA url.original',
        'BRO_DATA http.request.referrer',
        'BRO_DATA user_agent.original',
        body('request'),
        body('response'),
        'POSINT http.response.status_code int',
        'DATA .status_msg',
        'POSINT .info_code int',
        'DATA .info_msg',
        'BRO_DATA .filename',
      ]),
      orEmpty('zeek.http.tags'),
      tabbed('zeek.http', [
        'BRO_DATA url.username',
        'BRO_DATA url.password',
        'BRO_DATA .proxied',
        'BRO_DATA .orig_fuids',
        'BRO_DATA http.request.mime_type',
        'BRO_DATA .resp_fuids',
        'BRO_DATA http.response.mime_type',
      ]),
    ].join('\\t'),
  };
}

function zeekOthers(): Record<string, string> {
  const flags = ['AA', 'TC', 'RD', 'RA'].map((name) => `BRO_BOOL .${name}`);
  const local = `${orDash('BRO_BOOL', 'zeek.connection.local_resp')}\\t`;
  return {
    BRO_DNS: tabbed('zeek.dns', [
      ...ends,
      '!WORD network.transport',
      'INT dns.id int',
      'BRO_DATA dns.question.name',
      'INT .qclass int',
      'BRO_DATA .qclass_name',
      'INT .qtype int',
      'BRO_DATA dns.question.type',
      'INT .rcode int',
      'BRO_DATA dns.response_code',
      ...flags,
      'NONNEGINT .Z int',
      'BRO_DATA .answers',
      'DATA .TTLs',
      'BRO_BOOL .rejected',
    ]),
    BRO_CONN: [
      tabbed('zeek.connection', [
        ...ends,
        '!WORD network.transport',
        'BRO_DATA network.protocol.name',
        'NUMBER .duration float',
        'INT .orig_bytes long',
        'INT .resp_bytes long',
        'BRO_DATA .state',
        'BRO_BOOL .local_orig',
      ]),
      optional(local) +
        tabbed('zeek.connection', [
          'INT .missed_bytes long',
          'BRO_DATA .history',
          'INT source.packets long',
          'INT source.bytes long',
          'INT destination.packets long',
          'INT destination.bytes long',
        ]),
      orEmpty('zeek.connection.tunnel_parents'),
    ].join('\\t'),
    BRO_FILES: tabbed('zeek.files', [
      '!NUMBER timestamp',
      '!NOTSPACE .fuid',
      'IP server.address',
      'IP client.address',
      'BRO_DATA .session_ids',
      'BRO_DATA .source',
      'INT .depth int',
      'BRO_DATA .analyzers',
      'BRO_DATA file.mime_type',
      'BRO_DATA file.name',
      'NUMBER .duration float',
      'BRO_DATA .local_orig',
      'BRO_BOOL .is_orig',
      'INT .seen_bytes long',
      'INT file.size long',
      'INT .missing_bytes long',
      'INT .overflow_bytes long',
      'BRO_BOOL .timedout',
      'BRO_DATA .parent_fuid',
      ...['md5', 'sha1', 'sha256'].map((hash) => `BRO_DATA file.hash.${hash}`),
      'BRO_DATA .extracted',
    ]),
  };
}

/** `address/port->address/port` of two ends. */
function arrow(kind: string): string {
  const end = (name: string): string => {
    const prefix = kind === '' ? name : `${name}.${kind}`;
    return `${ip(`${prefix}.${kind === '' ? 'address' : 'ip'}`)}/${int(`${prefix}.port`)}`;
  };
  return `${end('source')}->${end('destination')}`;
}

function junos(): Record<string, string> {
  const srx = 'juniper.srx';
  const rule = (way: string): string => `(?:(?:None)|(?:${data(`${srx}.${way}_nat_rule_name`)}))`;
  const zones = `${data('rule.name')} ${data('observer.ingress.zone')} ${data('observer.egress.zone')}`;
  const tag = field('RT_FLOW_TAG', `${srx}.tag`);
  const number = field('INT', 'network.iana_number');
  const service = data(`${srx}.service_name`);
  const session = field('INT', `${srx}.session_id`);
  const flow = [
    `${arrow('')} ${service} ${arrow('nat')} ${rule('src')} ${rule('dst')} ${number}`,
    `${zones} ${session}`,
  ].join(' ');
  const bytes = (name: string): string => `\\d+\\(${long(`${name}.bytes`)}\\)`;
  return {
    RT_FLOW_TAG: `(?:${['CREATE', 'CLOSE', 'DENY'].map((w) => `RT_FLOW_SESSION_${w}`).join('|')})`,
    RT_FLOW_EVENT: '%{RT_FLOW_TAG}',
    RT_FLOW1:
      `${tag}: ${field('GREEDYDATA', `${srx}.reason`)}: ${flow} ${bytes('source')} ` +
      `${bytes('destination')} ${int(`${srx}.elapsed_time`)} .*`,
    RT_FLOW2: `${tag}: session created ${flow} .*`,
    RT_FLOW3: `${tag}: session denied ${arrow('')} ${service} ${number}\\(\\d\\) ${zones} (.*)?`,
  };
}

function netscreen(): Record<string, string> {
  const own = (pattern: string, name: string, type?: string): string =>
    field(pattern, `netscreen.${name}`, type);
  const ports = ` src_port=${int('source.port')} dst_port=${int('destination.port')}`;
  const translated = (short: string, name: string): string =>
    ` ${short}-xlated ip=${ip(`${name}.nat.ip`)} port=${int(`${name}.nat.port`)}`;
  const system = `system-(\\w+)-(${field('NONNEGINT', 'event.code')})`;
  return {
    NETSCREENSESSIONLOG: [
      `${field('SYSLOGTIMESTAMP', 'timestamp')} ${field('IPORHOST', 'observer.hostname')} `,
      `${token('observer.name')}\\: (?P<observer___product>NetScreen) `,
      `device_id=${own('WORD', 'device_id')} .*?(${system}\\((${own('WORD', 'session.type')})\\))?`,
      `\\: start_time=${inQuotes(own('DATA', 'session.start_time'))} `,
      `duration=${own('INT', 'session.duration', 'int')} policy_id=${own('INT', 'policy_id')} `,
      `service=${own('DATA', 'service')} proto=${own('INT', 'protocol_number', 'int')} `,
      `src zone=${word('observer.ingress.zone')} dst zone=${word('observer.egress.zone')} `,
      `action=${word('event.action')} sent=${long('source.bytes')} `,
      `rcvd=${long('destination.bytes')} src=${field('IPORHOST', 'source.address')} `,
      `dst=${field('IPORHOST', 'destination.address')}${optional(ports)}`,
      optional(translated('src', 'source') + translated('dst', 'destination')),
      optional(
        ` session_id=${own('INT', 'session.id')} reason=${own('GREEDYDATA', 'session.reason')}`,
      ),
    ].join(''),
  };
}

function iptables(): Record<string, string> {
  const own = (pattern: string, name: string, type?: string): string =>
    field(pattern, `iptables.${name}`, type);
  const hex = (name: string): string => `0x${own('BASE16NUM', name)}`;
  const maybe = (pattern: string, name: string, type?: string): string =>
    optional(own(pattern, name, type));
  const addresses = (pattern: string): string =>
    `SRC=${field(pattern, 'source.address')}\\s+DST=${field(pattern, 'destination.address')}\\s+` +
    `LEN=${maybe('INT', 'length', 'int')}`;
  const name = (way: string): string => optional(token(`observer.${way}.interface.name`));
  const mac =
    `MAC=${optional(field('COMMONMAC', 'destination.mac'))}` +
    `${optional(`:${field('COMMONMAC', 'source.mac')}`)}${optional(':A-Fa-f0-9{2}:A-Fa-f0-9{2}')}\\s+`;
  const syslog = field('SYSLOGTIMESTAMP', 'timestamp');
  const iso = field('TIMESTAMP_ISO8601', 'timestamp');
  const wall = (what: string): string => optional(word(`shorewall.firewall.${what}`));
  return {
    IPTABLES_TCP_FLAGS: `(${'CWR ECE URG ACK PSH RST SYN FIN'.split(' ').join(' |')} )*`,
    IPTABLES_TCP_PART:
      optional(`SEQ=${own('INT', 'tcp.seq', 'int')}\\s+`) +
      optional(`ACK=${own('INT', 'tcp.ack', 'int')}\\s+`) +
      `WINDOW=${own('INT', 'tcp.window', 'int')}\\s+RES=${hex('tcp_reserved_bits')}\\s+` +
      own('IPTABLES_TCP_FLAGS', 'tcp.flags'),
    IPTABLES4_FRAG: '((\\s)?(CE|DF|MF))*',
    IPTABLES4_PART: [
      addresses('IPV4'),
      `TOS=${optional(`0|${hex('tos')}`)}`,
      `PREC=${optional(hex('precedence_bits'))}`,
      `TTL=${maybe('INT', 'ttl', 'int')}`,
      `ID=${maybe('INT', 'id')}`,
      maybe('IPTABLES4_FRAG', 'fragment_flags') +
        optional(`\\s+FRAG: ${own('INT', 'fragment_offset', 'int')}`),
    ].join('\\s+'),
    IPTABLES6_PART: [
      addresses('IPV6'),
      `TC=${optional(`0|${hex('tos')}`)}`,
      `HOPLIMIT=${maybe('INT', 'ttl', 'int')}`,
      `FLOWLBL=${maybe('INT', 'flow_label')}`,
    ].join('\\s+'),
    IPTABLES: [
      `IN=${name('ingress')}`,
      `OUT=${name('egress')}`,
      `${optional(mac)}(:?%{IPTABLES4_PART}|%{IPTABLES6_PART}).*?` +
        `PROTO=${optional(word('network.transport'))}`,
      `SPT=${optional(int('source.port'))}`,
      `DPT=${optional(int('destination.port'))}`,
      optional('%{IPTABLES_TCP_PART}'),
    ].join('\\s+'),
    SHOREWALL:
      `(?:${syslog}) (?:${word('observer.hostname')}) .*Shorewall:${wall('type')}:` +
      `${wall('action')}.*%{IPTABLES}`,
    SFW2_LOG_PREFIX: `SFW2\\-INext\\-${token('suse.firewall.action')}`,
    SFW2:
      `((?:${syslog})|(?:${iso}))\\s*${field('HOSTNAME', 'observer.hostname')}.*?` +
      `${field('SFW2_LOG_PREFIX', 'suse.firewall.log_prefix')}\\s*%{IPTABLES}`,
  };
}

/** Patterns of Zeek, Junos, NetScreen, iptables, Shorewall, SuSE's firewall and Cisco ASA. */
export function networkPatterns(): Record<string, string> {
  return {
    ...zeekHttp(),
    ...zeekOthers(),
    ...junos(),
    ...netscreen(),
    ...iptables(),
    ...ciscoPatterns(),
  };
}
