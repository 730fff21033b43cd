/** A pattern that only the general engine can run: not an error of its author. */
export class Untranslatable extends Error {}
