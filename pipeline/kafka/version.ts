/** Last minor version of each major version of Kafka from 1.0 that is known. */
const lastMinor: Readonly<Record<string, number>> = { 1: 1, 2: 8, 3: 9, 4: 2 };

/** Versions before 1.0, where the third number counted. */
const early: ReadonlySet<string> = new Set(
  '0.8.0 0.8.1 0.8.2 0.9.0 0.10.0 0.10.1 0.10.2 0.11.0'.split(' '),
);

/** Whether a text names a release of Kafka: `2.1.0`, `3.9`, `v4.0.0`. */
export function isKafkaVersion(text: string): boolean {
  const old = /^v?(0\.\d+\.\d+)(?:\.\d+)?$/.exec(text);
  if (old !== null) return early.has(old[1]!);
  const found = /^v?([1-9]+)\.(\d+)(?:\.\d+)?$/.exec(text);
  if (found === null) return false;
  const [, major = '', minor = ''] = found;
  return String(Number(minor)) === minor && Number(minor) <= (lastMinor[major] ?? -1);
}
