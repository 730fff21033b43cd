import type { Message } from '../message.ts';
import type { DescribeOptions, SpanFields, Summary } from '../protocol.ts';
import { opcodeName, rcodeName, typeName } from './codes.ts';
import { DnsMessage } from './message.ts';

const FORMERR = 1;
const NXDOMAIN = 3;

/**
 * Attributes of a DNS exchange: `dns.question.name` and `dns.answers` of OpenTelemetry's registry
 * (https://opentelemetry.io/docs/specs/semconv/registry/attributes/dns/), the rest our own.
 */
export function describeDns(
  request: Message | undefined,
  response: Message | undefined,
  options: DescribeOptions,
  out: SpanFields,
): void {
  const asked = (request ?? response) as DnsMessage;
  const opcode = opcodeName(asked.opcode);
  const type = asked.questionCount === 0 ? '' : typeName(asked.questionType);
  out.name(opcode === 'QUERY' ? `DNS ${type}`.trimEnd() : `DNS ${opcode}`);
  if (asked.questionName !== '') out.string('dns.question.name', asked.questionName);
  if (type !== '') out.string('wirestitch.dns.question.type', type);
  out.string('wirestitch.dns.opcode', opcode);
  out.int('wirestitch.dns.id', asked.key);
  out.int('wirestitch.request.size', request?.length ?? 0);
  if (response instanceof DnsMessage) describeResponse(response, options, out);
}

function describeResponse(r: DnsMessage, options: DescribeOptions, out: SpanFields): void {
  const rcode = rcodeName(r.rcode);
  out.string('wirestitch.dns.response_code', rcode);
  if (r.answers.length > 0) {
    out.strings('dns.answers', r.answers);
    out.strings('wirestitch.dns.answer.types', r.answerTypes);
  }
  out.int('wirestitch.response.size', r.length);
  if (r.cut) out.bool('wirestitch.dns.truncated', true);
  if (r.rcode === 0) return;
  // That a name does not exist, or a query is bad, is the client's error, not the server's.
  const clientError = r.rcode === NXDOMAIN || r.rcode === FORMERR;
  if (!clientError || options.client) out.error(rcode);
}

/**
 * Opcode's or type's name, the name asked for, the response's code; '' while there is no response.
 */
export function summarizeDns(request: Message | undefined, response: Message | undefined): Summary {
  const asked = (request ?? response) as DnsMessage;
  const answer = response instanceof DnsMessage ? response : undefined;
  const operation =
    asked.questionCount === 0 ? opcodeName(asked.opcode) : typeName(asked.questionType);
  const result = answer === undefined ? '' : rcodeName(answer.rcode);
  return { operation, resource: asked.questionName, result };
}
