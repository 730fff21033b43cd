/** Cost of the structural pass and of the item index. `node bench/pdata/structural.ts` */
import { checkRequest } from '../../pdata/check.ts';
import { fastCheck } from '../../pdata/fast-check.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { requestMessage } from '../../pdata/schema.ts';
import { buildTree } from '../../pdata/tree.ts';
import { request } from '../lib/payload.ts';
import { header, measure, print } from './measure.ts';

header('structural pass');
for (const signal of ['traces', 'logs', 'metrics'] as const) {
  for (const items of [1, 50, 1000]) {
    const bytes = request(signal, items);
    const root = requestMessage[signal].index;
    const calls = Math.ceil(300_000 / items / (items === 1 ? 2 : 1));
    const candidates: Record<string, () => unknown> = {
      'TypeScript pass': () => checkRequest(bytes, root, 64),
      'index (shallow walk)': () => buildTree(signal, bytes, items),
      'parseRequest as it is': () => parseRequest(signal, bytes),
    };
    if (fastCheck !== undefined) candidates['C pass'] = () => fastCheck?.check(bytes, root, 64);
    const size = (bytes.length / items).toFixed(0);
    print(`${signal}, ${items} a request, ${size} B an item`, measure(candidates, items, calls));
  }
}
if (fastCheck === undefined) console.log('\nno C pass: node native/build.mjs builds it');
