// A reporter for node:test that writes one JSON line for each skipped test: name, file and reason.
export default async function* skips(events) {
  for await (const { type, data } of events) {
    if ((type !== 'test:pass' && type !== 'test:fail') || data.skip === undefined) continue;
    const reason = typeof data.skip === 'string' ? data.skip : '';
    yield `${JSON.stringify({ name: data.name, file: data.file ?? '', reason })}\n`;
  }
}
