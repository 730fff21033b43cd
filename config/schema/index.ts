export { type Decoded, decode } from './decode.ts';
export {
  type DurationLimits,
  duration,
  formatDuration,
  parseDuration,
} from './duration.ts';
export {
  endpoint,
  formatEndpoint,
  type HostPort,
  isLoopback,
  parseEndpoint,
} from './endpoint.ts';
export { componentId } from './id.ts';
export { ConfigError, type ConfigIssue, formatIssue } from './issue.ts';
export type { ConfNode, ConfPath, ListNode, MapNode, Position, ScalarNode } from './node.ts';
export { type Headers, headers, Secret, secret } from './secret.ts';
export { section, sectionOn } from './section.ts';
export { byteSize, parseByteSize } from './size.ts';
export { didYouMean } from './suggest.ts';
