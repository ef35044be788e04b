import type { Filter } from "../filter/filter.ts";
import type { Metadata } from "../records.ts";
import type { Judgements } from "./measures.ts";

export interface EvalDocument {
  readonly document_id: string;
  readonly title: string;
  readonly text: string;
  readonly metadata: Metadata;
}

export interface EvalQuery {
  readonly id: string;
  readonly text: string;
  /** Restricts the search to the query's scope, where it has one. */
  readonly filter: Filter | null;
  /** Empty where nothing was judged. */
  readonly judgements: Judgements;
  /** Right answers as written, where the set knows them. */
  readonly answers: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A filter with the documents it must admit, all of them and no other. */
export interface FilterQuery {
  readonly id: string;
  readonly text: string;
  readonly filter: Filter;
  readonly expected: ReadonlySet<string>;
}

/** A judged collection. */
export interface Dataset {
  readonly name: string;
  readonly documents: readonly EvalDocument[];
  readonly queries: readonly EvalQuery[];
  readonly filterQueries: readonly FilterQuery[];
}
