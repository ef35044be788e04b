/** A token with its part of speech (Universal Dependencies: PROPN, NOUN, VERB …) and its place in the text. */
export interface TaggedToken {
  readonly text: string;
  readonly tag: string;
  readonly start: number;
  readonly end: number;
}

/** `text.slice(start, end)` is the name as written; `first` and `last` are the tokens it is made of. */
export interface NamedRun {
  readonly start: number;
  readonly end: number;
  readonly first: number;
  readonly last: number;
}
