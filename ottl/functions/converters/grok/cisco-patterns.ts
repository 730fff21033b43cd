import { field, int, optional, token, word } from './fields.ts';

const asa = (pattern: string, name: string, type?: string): string =>
  field(pattern, `cisco.asa.${name}`, type);
const number = (name: string): string => asa('INT', name, 'int');
const ip = (name: string): string => field('IP', name);
const data = (name: string): string => field('DATA', name);

const outcome = asa('CISCO_ACTION', 'outcome');
const direction = asa('CISCO_DIRECTION', 'network.direction');
const transport = asa('WORD', 'network.transport');
const kind = asa('WORD', 'network.type');
const reason = field('CISCO_REASON', 'event.reason');
const anyReason = field('GREEDYDATA', 'event.reason');
const rule = asa('NOTSPACE', 'rule_name');

/** `address/port` of an end. */
const end = (name: string): string => `${ip(`${name}.address`)}/${int(`${name}.port`)}`;
const user = (name: string): string => optional(`\\(${data(`${name}.user.name`)}\\)`);
const ends = `from ${end('source')} to ${end('destination')}`;
const zone = (way: string, pattern: string): string =>
  field(pattern, `observer.${way}.interface.name`);
const onEgress = `on interface ${zone('egress', 'NOTSPACE')}`;
const icmp = `type ${number('icmp_type')}, code ${number('icmp_code')}`;
const icmpEquals = `type=${number('icmp_type')}, code=${number('icmp_code')}`;
const users = 'src %{CISCO_SRC_IP_USER} dst %{CISCO_DST_IP_USER}';
const hashes = ['1', '2'].map((n) => field('DATA', `metadata.cisco.asa.hashcode${n}`));
const hashList = `\\[${hashes.join('\\, ')}\\]`;
/** From one interface to another. */
const between = (pattern: string): string =>
  `from ${zone('ingress', pattern)}:${end('source')} to ${zone('egress', pattern)}:${end('destination')}`;

const hostWithUser = (way: string, name: string): string =>
  `${zone(way, 'NOTSPACE')}:(?:(?:${ip(`${name}.address`)})|(?:${field('HOSTNAME', `${name}.address`)}))` +
  `${optional(`/${int(`${name}.port`)}`)}${user(name)}`;

function particles(): Record<string, string> {
  const actions =
    'Built|Teardown|Deny|Denied|denied by ACL|requested|permitted|denied|discarded|est-allowed|' +
    'Dropping|created|deleted';
  const reasons = [
    'Duplicate TCP SYN',
    'Failed to locate egress interface',
    'Invalid transport field',
    'No matching connection',
    'DNS Response',
    'DNS Query',
    '(?:%{WORD}\\s*)*',
  ];
  const withUser = (way: string, name: string): string =>
    `${zone(way, 'NOTSPACE')}:${ip(`${name}.address`)}${user(name)}`;
  return {
    CISCO_TAGGED_SYSLOG:
      `^<${field('POSINT', 'log.syslog.priority', 'int')}>${field('CISCOTIMESTAMP', 'timestamp')}` +
      `( ${field('SYSLOGHOST', 'host.name')})? ?: %${asa('CISCOTAG', 'tag')}:`,
    CISCOTIMESTAMP: `%{MONTH} +%{MONTHDAY}${optional(' %{YEAR}')} %{TIME}`,
    CISCOTAG: '[A-Z0-9]+-%{INT}-(?:[A-Z0-9_]+)',
    CISCO_ACTION: actions,
    CISCO_REASON: reasons.join('|'),
    CISCO_DIRECTION: 'Inbound|inbound|Outbound|outbound',
    CISCO_INTERVAL: 'first hit|%{INT}-second interval',
    CISCO_XLATE_TYPE: 'static|dynamic',
    CISCO_HITCOUNT_INTERVAL: `hit-cnt ${number('hit_count')} (?:first hit|${number('interval')}-second interval)`,
    CISCO_SRC_IP_USER: withUser('ingress', 'source'),
    CISCO_DST_IP_USER: withUser('egress', 'destination'),
    CISCO_SRC_HOST_PORT_USER: hostWithUser('ingress', 'source'),
    CISCO_DST_HOST_PORT_USER: hostWithUser('egress', 'destination'),
  };
}

function failover(): Record<string, string> {
  const mate = '\\((?:Primary|Secondary)\\)';
  const name = `[Ii]nterface ${token('network.interface.name')}`;
  return {
    CISCOFW104001: `${mate} Switching to ACTIVE - ${anyReason}`,
    CISCOFW104002: `${mate} Switching to STANDBY - ${anyReason}`,
    CISCOFW104003: `${mate} Switching to FAILED\\.`,
    CISCOFW104004: `${mate} Switching to OK\\.`,
    CISCOFW105003: `${mate} Monitoring on ${name} waiting`,
    CISCOFW105004: `${mate} Monitoring on ${name} normal`,
    CISCOFW105005: `${mate} Lost Failover communications with mate on ${name}`,
    CISCOFW105008: `${mate} Testing ${name}`,
    CISCOFW105009: `${mate} Testing on ${name} (?:Passed|Failed)`,
  };
}

function denied(): Record<string, string> {
  const flags = `flags ${asa('DATA', 'tcp_flags')} ${onEgress}`;
  const old = (way: string, name: string): string =>
    `${way} ${data(`${name}.interface`)}:${data(`${name}.address`)}` +
    `(/${field('INT', `${name}.port`)})?(\\(${data(`${name}.fwuser`)}\\))?`;
  const listed = (way: string, name: string, slash: string): string =>
    `${zone(way, 'DATA')}${slash}${ip(`${name}.address`)}\\(${int(`${name}.port`)}\\)`;
  const sourceUser = user('source');
  return {
    CISCOFW106001: `${direction} ${transport} connection ${outcome} ${ends} ${flags}`,
    CISCOFW106006_106007_106010:
      `${outcome} ${direction} ${transport} (?:from|src) ${end('source')}${sourceUser} ` +
      `(?:to|dst) ${end('destination')}${user('destination')} ` +
      `(?:(?:${onEgress})|(?:due to ${reason}))`,
    CISCOFW106014: `${outcome} ${direction} ${transport} ${users}\\s?\\(${icmp}\\)`,
    CISCOFW106015: `${outcome} ${transport} \\(${asa('DATA', 'rule_name')}\\) ${ends} ${flags}`,
    CISCOFW106021:
      `${outcome} ${transport} reverse path check from ${ip('source.address')} ` +
      `to ${ip('destination.address')} ${onEgress}`,
    CISCOFW106023:
      `${field('CISCO_ACTION', 'action')}( protocol)? ${word('network.protocol.name')} ` +
      `${old('src', 'source')} ${old('dst', 'destination')}` +
      `( \\(type ${field('INT', 'icmp_type')}, code ${field('INT', 'icmp_code')}\\))? ` +
      `by access-group "?${data('policy_id')}"? \\[${data('hashcode1')}, ${data('hashcode2')}\\]`,
    CISCOFW106100_2_3:
      `access-list ${rule} ${outcome} ${transport} for user '${data('user.name')}' ` +
      `${listed('ingress', 'source', '\\/')} -> ${listed('egress', 'destination', '\\/')} ` +
      `%{CISCO_HITCOUNT_INTERVAL} ${hashList}`,
    CISCOFW106100:
      `access-list ${rule} ${outcome} ${transport} ${listed('ingress', 'source', '/')}${sourceUser} ` +
      `-> ${listed('egress', 'destination', '/')}${sourceUser} ` +
      `hit-cnt ${number('hit_count')} %{CISCO_INTERVAL} ${hashList}`,
  };
}

function connections(): Record<string, string> {
  const nat = (name: string): string => ` \\(${ip(`${name}.nat.ip`)}/${int(`${name}.nat.port`)}\\)`;
  const way = optional(` ${direction}`);
  // the odd name of a user leaves it uncaptured wherever this pattern is known
  const oddUser = optional('\\(%{DATA:source.user.name?}\\)');
  const original = (short: string, name: string): string => {
    const prefix = `original_ip_payload.${name}`;
    const port = asa('INT', `${prefix}.port`, 'int');
    const who = optional(`\\(${asa('DATA', `${prefix}.user.name`)}\\)`);
    return `${short} ${asa('IP', `${prefix}.address`)}/${port}${who}`;
  };
  return {
    CISCOFW304001:
      `${ip('source.address')}${user('source')} Accessed URL ${ip('destination.address')}:` +
      field('GREEDYDATA', 'url.original'),
    CISCOFW110002:
      `${reason} for ${transport} from ${zone('ingress', 'DATA')}:${end('source')} ` +
      `to ${end('destination')}`,
    CISCOFW302010: `${number('connections.in_use')} in use, ${number('connections.most_used')} most used`,
    CISCOFW302013_302014_302015_302016:
      `${outcome}${way} ${transport} connection ${asa('INT', 'connection_id')} for ` +
      `${zone('ingress', 'NOTSPACE')}:${end('source')}${optional(nat('source'))}${oddUser} to ` +
      `${zone('egress', 'NOTSPACE')}:${end('destination')}(${nat('destination')})?` +
      `${user('destination')}( duration ${asa('TIME', 'duration')} bytes ` +
      `${field('INT', 'network.bytes', 'long')})?${optional(` ${reason}`)}` +
      optional(` \\(${data('user.name')}\\)`),
    CISCOFW302020_302021:
      `${outcome}${way} ${transport} connection for faddr ` +
      `${ip('destination.address')}/${number('icmp_seq')}${user('destination')} ` +
      `gaddr ${ip('source.nat.ip')}/${number('icmp_type')} laddr ${ip('source.address')}/%{INT}` +
      optional(` \\(${data('source.user.name')}\\)`),
    CISCOFW305011:
      `${outcome} %{CISCO_XLATE_TYPE} ${transport} translation from ` +
      `${zone('ingress', 'DATA')}:${ip('source.address')}(/${int('source.port')})?` +
      `${user('source')} to ${zone('egress', 'DATA')}:${end('destination')}`,
    CISCOFW313001_313004_313008:
      `${outcome} ${transport} ${icmpEquals} from ${ip('source.address')} ${onEgress}` +
      optional(` to ${ip('destination.address')}`),
    CISCOFW313005:
      `${reason} for ${transport} error message: %{WORD} ${users} \\(${icmp}\\) ` +
      `on %{NOTSPACE} interface\\.\\s+Original IP payload: ` +
      `${asa('WORD', 'original_ip_payload.network.transport')} ` +
      `${original('src', 'source')} ${original('dst', 'destination')}`,
  };
}

function others(): Record<string, string> {
  const spi = asa('DATA', 'ipsec.spi');
  const status = (what: string): string => data(`metadata.cisco.asa.${what}_nat`);
  const rate = (what: string): string => `${number(`burst.${what}rate`)} per second`;
  return {
    CISCOFW321001:
      `Resource '${asa('DATA', 'resource.name')}' limit of ` +
      `${asa('POSINT', 'resource.limit', 'int')} reached for system`,
    CISCOFW402117:
      `${kind}: Received a non-IPSec packet \\(protocol=\\s?${transport}\\) ` +
      `from ${ip('source.address')} to ${ip('destination.address')}\\.?`,
    CISCOFW402119:
      `${kind}: Received an ${asa('WORD', 'ipsec.protocol')} packet \\(SPI=\\s?${spi}, ` +
      `sequence number=\\s?${asa('DATA', 'ipsec.seq_num')}\\) from ${ip('source.address')} ` +
      `\\(user=\\s?${data('source.user.name')}\\) to ${ip('destination.address')} ` +
      'that failed anti-replay checking\\.?',
    CISCOFW419001: `${outcome} ${transport} packet ${between('NOTSPACE')}, reason: ${anyReason}`,
    CISCOFW419002: `${reason} ${between('DATA')} with different initial sequence number`,
    CISCOFW500004: `${reason} for protocol=${transport}, ${ends}`,
    CISCOFW602303_602304:
      `${kind}: An ${direction} ${asa('DATA', 'ipsec.tunnel_type')} SA \\(SPI=${spi}\\) ` +
      `between ${ip('source.address')} and ${ip('destination.address')} ` +
      `\\(user=${data('source.user.name')}\\) has been ${outcome}`,
    CISCOFW710001_710002_710003_710005_710006:
      `${transport} (?:request|access) ${outcome} from ${end('source')} to ` +
      `${zone('egress', 'DATA')}:${end('destination')}`,
    CISCOFW713172:
      `Group = ${asa('DATA', 'source.group')}, IP = ${ip('source.address')}, Automatic NAT ` +
      `Detection Status:\\s+Remote end\\s*${status('remote')}\\s*behind a NAT device\\s+This\\s+end` +
      `\\s*${status('local')}\\s*behind a NAT device`,
    // what follows the first backslashes is no reference wherever this pattern is known
    CISCOFW733100:
      `\\\\s*%{DATA:[cisco.asa.burst.object}\\s*\\] drop ${asa('DATA', 'burst.id')} exceeded. ` +
      `Current burst rate is ${rate('current_')}, max configured rate is ${number('burst.configured_rate')}; ` +
      `Current average rate is ${rate('avg_')}, max configured rate is ` +
      `${number('burst.configured_avg_rate')}; Cumulative total count is ` +
      number('burst.cumulative_count'),
  };
}

/** Patterns of Cisco ASA by the numbers of its messages. */
export function ciscoPatterns(): Record<string, string> {
  return { ...particles(), ...failover(), ...denied(), ...connections(), ...others() };
}
