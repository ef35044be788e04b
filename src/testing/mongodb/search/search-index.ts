import { cloneValue, isDoc, type Doc } from "../value.ts";
import type { Definition, MappedField } from "./definition.ts";
import { TextField, ValueField, VectorField } from "./field-data.ts";

/** The data of one built search index: what mongot would keep in Lucene. */
export class SearchIndexData {
  readonly definition: Definition;
  readonly texts: readonly TextField[];
  readonly values: readonly ValueField[];
  readonly vectors: readonly VectorField[];
  /** Every indexed document, in the order of indexing, with the stored source. */
  readonly documents = new Map<string, Doc>();

  constructor(definition: Definition) {
    this.definition = definition;
    const of = (wanted: (field: MappedField) => boolean): readonly MappedField[] => definition.fields.filter(wanted);
    this.texts = of((field) => field.type === "string").map((field) => new TextField(field));
    this.vectors = of((field) => field.type === "vector").map((field) => new VectorField(field));
    this.values = of((field) => field.type !== "string" && field.type !== "vector").map(
      (field) => new ValueField(field),
    );
  }

  /** Indexes the document as it is now; null: it is gone. */
  put(id: string, document: Doc | null): void {
    const all = [...this.texts, ...this.values, ...this.vectors];
    if (document === null) {
      this.documents.delete(id);
      for (const field of all) field.delete(id);
      return;
    }
    for (const field of all) field.set(id, descend(document, field.field.names));
    this.documents.set(id, this.stored(document));
  }

  private stored(document: Doc): Doc {
    const source = this.definition.storedSource;
    if (source === null) return { _id: document["_id"] };
    const kept = Object.entries(document).filter(([name]) => {
      const listed = source.paths.some((path) => path === name || path.startsWith(`${name}.`));
      return source.mode === "include" ? listed : !source.paths.includes(name);
    });
    return cloneValue({ _id: document["_id"], ...Object.fromEntries(kept) });
  }
}

/** Values by single names, lists fanned out: a name with a dot in it is found in no document. */
function descend(value: unknown, names: readonly string[]): readonly unknown[] {
  const [name, ...rest] = names;
  const here: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (name === undefined) return here;
  return here.flatMap((part) => (isDoc(part) && Object.hasOwn(part, name) ? descend(part[name], rest) : []));
}
