/** The id of an extension; decodes to the text in its canonical form. */
export { componentId as extensionId } from '../schema/id.ts';
