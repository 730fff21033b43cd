/**
 * Remote write requests to columns and to OTLP: samples a CPU second.
 *
 *   node scripts/launch.mjs bench/remote-write/parse.ts
 *
 * 2,000 series of nine labels a request, one sample and ten samples each; decompression apart.
 */
import { compressSync, uncompressSync } from 'snappy';
import { toOtlp } from '../../wire/prometheus/otlp/to-otlp.ts';
import { readWriteRequest } from '../../wire/prometheus/remote-write/read.ts';
import { requests } from './payload.ts';

const repeats = 7;
const memory = { recall: () => undefined, remember: () => undefined };

function run(name: string, samples: number, each: () => void): void {
  const rates: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const before = process.cpuUsage();
    each();
    const { user, system } = process.cpuUsage(before);
    if (repeat >= 2) rates.push((samples / (user + system)) * 1000);
  }
  rates.sort((a, b) => a - b);
  const text = (rate: number): string => rate.toFixed(0).padStart(6);
  console.log(
    `${name.padEnd(36)} ${text(rates[2]!)} k samples per CPU-s (${text(rates[0]!)} -${text(rates[4]!)})`,
  );
}

for (const version of [1, 2] as const) {
  for (const each of [1, 10]) {
    const bodies = requests(version, each, 3, 1_700_000_000_000);
    const packed = bodies.map((body) => compressSync(body));
    const samples = bodies.length * 2000 * each;
    const title = `${version}.0, ${each} a series`;
    run(`${title}: to columns`, samples, () => {
      for (const body of bodies) readWriteRequest(body, version);
    });
    run(`${title}: unpack, columns, OTLP`, samples, () => {
      for (const body of packed) {
        const plain = uncompressSync(body, { asBuffer: true }) as Buffer;
        toOtlp(readWriteRequest(plain, version).request, memory, 1e9);
      }
    });
  }
}
