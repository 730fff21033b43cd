import { ConnectionError, ErrorCode } from './constants.ts';

/**
 * Code lengths in bits of the symbols 0 to 255 and EOS (256), RFC 7541 appendix B, as runs
 * `length x count`. The code is canonical: codes of one length rise with the symbol, and follow on
 * from the shorter ones, so the lengths say all.
 */
const lengthRuns =
  '13 23 28x7 24 30 28x2 30 28x8 30 28x9 6 10x2 12 13 6 8 11 10x2 8 11 8 6x3 5x3 6x7 7 8 15 6 12 ' +
  '10 13 6 7x22 8 7 8 13 19 13 14 6 15 5 6 5 6 5 6x3 5 7x2 6x3 5 6 7 6 5x2 6 7x5 15 11 14 13 28 ' +
  '20 22 20x2 22x3 23 22 23x5 24 23 24x2 22 23 24 23x4 21 22 23 22 23x2 24 22 21 20 22x2 23x2 21 ' +
  '23 22x2 24 21 22 23x2 21x2 22 21 23 22 23x2 20 22x3 23 22x2 23 26x2 20 19 22 23 22 25 26x3 ' +
  '27x2 26 24 25 19 21 26 27x2 26 27 24 21x2 26x2 28 27x3 20 24 20 21 22 21x2 23 22x2 25x2 24x2 ' +
  '26 23 26 27 26x2 27x5 28 27x5 26 30';

const eos = 256;

/**
 * The code as a binary tree in one array: the children of node n are at 2n and 2n + 1; a value
 * >= 0 is a node, a value < 0 is a leaf with symbol -1 - value. 0 stands for "no child": the root
 * is nobody's child.
 */
function buildTree(): Int16Array {
  const lengths = lengthRuns.split(' ').flatMap((run) => {
    const [length = '0', count = '1'] = run.split('x');
    return Array.from({ length: Number(count) }, () => Number(length));
  });
  const symbols = lengths.map((_, symbol) => symbol);
  symbols.sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  const tree = new Int16Array(2 * lengths.length);
  let nodes = 1;
  let code = 0;
  let previous = lengths[symbols[0]!]!;
  for (const symbol of symbols) {
    const length = lengths[symbol]!;
    code *= 2 ** (length - previous);
    previous = length;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit -= 1) {
      const slot = 2 * node + ((code >>> bit) & 1);
      if (tree[slot] === 0) tree[slot] = nodes++;
      node = tree[slot]!;
    }
    tree[2 * node + (code & 1)] = -1 - symbol;
    code += 1;
  }
  return tree;
}

const tree = buildTree();

/**
 * Decodes a Huffman-coded string (RFC 7541 section 5.2) into `out`.
 * @param out at least 8/5 of the coded length, the shortest code being five bits
 * @returns bytes written
 * @throws ConnectionError COMPRESSION_ERROR for an EOS symbol or bad padding
 */
export function decodeHuffman(input: Uint8Array, start: number, end: number, out: Uint8Array) {
  let node = 0;
  let depth = 0;
  let ones = true;
  let length = 0;
  for (let i = start; i < end; i += 1) {
    const byte = input[i]!;
    for (let bit = 7; bit >= 0; bit -= 1) {
      const one = (byte >>> bit) & 1;
      const next = tree[2 * node + one]!;
      depth += 1;
      if (one === 0) ones = false;
      if (next >= 0) {
        node = next;
        continue;
      }
      if (next === -1 - eos) fail('EOS symbol in a Huffman-coded string');
      out[length++] = -1 - next;
      node = 0;
      depth = 0;
      ones = true;
    }
  }
  if (depth > 7 || !ones) fail('bad padding of a Huffman-coded string');
  return length;
}

function fail(message: string): never {
  throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, message);
}
