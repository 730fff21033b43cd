import { wordTest } from './words.ts';

/** Segments that are kept at most. */
const maxSegments = 10;

const plain = /^[A-Za-z\-_. ]$/;
const end = /[?&#]/;

/** What becomes of a segment: itself or '*'. */
type Segment = (text: string) => { readonly masked: boolean; readonly valid: boolean };

/**
 * A segment is kept when it is a word: letters and `-_. `, and one other character in second place
 * (v1, k6-runs).
 */
function segmentTest(isWord: (text: string) => boolean): Segment {
  return (text) => {
    let graced = false;
    for (let i = 0; i < text.length; i += 1) {
      if (plain.test(text[i]!)) continue;
      if (i !== 1 || graced) return { masked: true, valid: false };
      graced = true;
    }
    return { masked: text !== '' && !isWord(text), valid: true };
  };
}

/** The paths that were asked for last, with their answers. */
const rememberedPaths = 8192;

/**
 * Paths with `*` in place of ids, without query and fragment: `/users/12345?x` -> `/users/*`. What
 * counts as an id is what github.com/grafana/clusterurl takes for one.
 */
export function pathCluster(): (path: string) => string {
  const isWord = wordTest();
  const test = segmentTest(isWord);
  const known = new Map<string, string>();

  /** Text that stands where the path is cut after its tenth slash. */
  function cut(text: string, { masked, valid }: ReturnType<Segment>): string {
    if (!masked) return text;
    if (!valid) return '**';
    const rest = text.slice(1);
    return rest === '' || isWord(rest) ? `*${rest}` : '**';
  }

  function cluster(path: string): string {
    const bytes = Buffer.from(path, 'utf8').toString('latin1');
    const stop = bytes.search(end);
    const segments = (stop < 0 ? bytes : bytes.slice(0, stop)).split('/');
    let out = '';
    for (let i = 0; i < segments.length; i += 1) {
      const text = segments[i]!;
      const last = i === segments.length - 1;
      const found = test(text);
      // a word before ? & # is kept whether it is one or not
      if (last && stop >= 0 && found.valid) return out + text;
      if (!last && i === maxSegments - 1) return out + cut(text, found);
      out += found.masked ? '*' : text;
      if (!last) out += '/';
    }
    return out;
  }

  return (path) => {
    if (path === '') return path;
    const before = known.get(path);
    if (before !== undefined) return before;
    const result = Buffer.from(cluster(path), 'latin1').toString('utf8');
    if (known.size >= rememberedPaths) known.delete(known.keys().next().value!);
    known.set(path, result);
    return result;
  };
}
