import { ValueType } from '../../../pdata/readers/value-view.ts';
import type { MessageView } from '../../../pdata/readers.ts';
import type { Given } from './resource-text.ts';

function given({ value }: MessageView): Given {
  const { type } = value;
  if (type === ValueType.string) {
    const text = value.string();
    return { text, isEmpty: text === '' };
  }
  if (type === ValueType.int) return { text: '', isEmpty: false, int: value.number() };
  const isBlank = type === ValueType.bytes && value.contentStart === value.contentEnd;
  return { text: '', isEmpty: type === ValueType.empty || isBlank };
}

/** Attributes of a resource; of several with one key the first counts. */
export function readResource(view: MessageView): Map<string, Given> {
  const found = new Map<string, Given>();
  view.rewind();
  while (view.nextAttribute()) {
    const key = view.keyText();
    if (!found.has(key)) found.set(key, given(view));
  }
  return found;
}
