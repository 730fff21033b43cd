/** Processors of the row "attributes + filter + transform": the same YAML for both programs. */
export const statementProcessors = `
  attributes:
    actions:
      - {key: bench.zone, value: eu-1, action: insert}
      - {key: url.scheme, action: delete}
  filter:
    error_mode: ignore
    trace_conditions:
      - span.attributes["url.path"] == "/health"
      - IsMatch(span.name, "^OPTIONS ")
  transform:
    error_mode: ignore
    trace_statements:
      - set(span.attributes["deployment.namespace"], resource.attributes["k8s.namespace.name"])
      - >-
        set(span.status.code, STATUS_CODE_ERROR)
        where span.attributes["http.response.status_code"] >= 500
      - delete_key(span.attributes, "user_agent.original")
      - replace_pattern(span.attributes["url.path"], "/[0-9]+", "/{id}")
      - >-
        set(span.attributes["slow"], true) where span.kind == SPAN_KIND_SERVER
        and IsMatch(span.name, "^GET /api/v[0-9]+/items/1[0-9]$$")
`;

/** The processors of a row, with commas between them; undefined for rows without these. */
export function statementChain(output: string): string | undefined {
  if (output === 'attributes') return 'attributes';
  return output === 'attributes + filter + transform' ? 'attributes, filter, transform' : undefined;
}
