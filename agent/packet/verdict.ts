/**
 * What decoding a frame came to: the first three let the caller go on, the others are reasons for
 * which a frame was not looked into further, and the names of their counters.
 */
export const verdicts = [
  'tcp',
  'udp',
  /** Part of a datagram whose other fragments are awaited. */
  'fragment_held',
  'link_type_unsupported',
  'frame_too_short',
  'not_ip',
  'ip_malformed',
  'ip_protocol_unsupported',
  'transport_malformed',
  'fragment_malformed',
  'fragment_expired',
  'fragment_truncated',
] as const;

/** Index into {@link verdicts}. */
export const Verdict = {
  tcp: 0,
  udp: 1,
  fragmentHeld: 2,
  linkTypeUnsupported: 3,
  frameTooShort: 4,
  notIp: 5,
  ipMalformed: 6,
  ipProtocolUnsupported: 7,
  transportMalformed: 8,
  fragmentMalformed: 9,
  fragmentExpired: 10,
  fragmentTruncated: 11,
} as const;

/** An index into {@link verdicts}. */
export type Verdict = (typeof Verdict)[keyof typeof Verdict];
