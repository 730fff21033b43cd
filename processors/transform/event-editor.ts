import { Overlay } from '../../pdata/edits.ts';
import { replaceRange } from '../../pdata/overlay.ts';
import { MessageView } from '../../pdata/readers.ts';
import { Column, NodeKind, Tree } from '../../pdata/tree.ts';
import { writePart } from '../../pdata/write-edits.ts';

/**
 * Edits the events of a span one by one: each becomes a message with an index and an overlay of its
 * own, and is put back in place of its bytes when it has changed.
 */
export class EventEditor {
  readonly view = new MessageView();
  readonly #tree = new Tree(1);
  #overlay = new Overlay();
  #bytes: Uint8Array = new Uint8Array(0);

  constructor() {
    this.view.attributeField = 3;
    this.#tree.add(NodeKind.item, 0, 0, 0, -1);
  }

  /** Puts the view on the event whose tag begins at `header` and whose fields are [start, end). */
  begin(bytes: Uint8Array, header: number, start: number, end: number): void {
    this.#bytes = bytes.subarray(header, end);
    const { nodes } = this.#tree;
    nodes[Column.body] = start - header;
    nodes[Column.end] = end - header;
    if (this.#overlay.version > 0) this.#overlay = new Overlay();
    this.view.bind(this.#bytes, this.#tree, 0, 0, this.#overlay);
  }

  /** Writes what has changed to the span that holds the event. @returns whether anything has */
  end(span: MessageView, header: number, end: number): boolean {
    const edits = this.#overlay.parts[0];
    if (edits === undefined || this.#overlay.version === 0) return false;
    const part = { bytes: this.#bytes, tree: this.#tree };
    replaceRange(span, header, end, writePart(part, edits, this.#overlay.arena.bytes));
    return true;
  }
}
