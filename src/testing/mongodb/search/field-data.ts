import { Binary, ObjectId } from "bson";
import { positionOf } from "../../../filter/matches.ts";
import type { Position } from "../../../filter/filter.ts";
import { isDoc } from "../value.ts";
import { analyzerNamed, type Term } from "./analysis.ts";
import type { MappedField } from "./definition.ts";

/** Analysed text of one field: postings with positions, and lengths as Lucene stores them. */
export class TextField {
  readonly postings = new Map<string, Map<string, readonly number[]>>();
  readonly lengths = new Map<string, number>();
  readonly field: MappedField;
  private total = 0;
  private readonly termsOf = new Map<string, readonly string[]>();

  constructor(field: MappedField) {
    this.field = field;
  }

  analyzeQuery(text: string): readonly Term[] {
    return analyzerNamed(String(this.field.options["searchAnalyzer"]))(text);
  }

  set(id: string, values: readonly unknown[]): void {
    this.delete(id);
    const texts = values.filter((value): value is string => typeof value === "string");
    if (texts.length === 0) return;
    const analyze = analyzerNamed(String(this.field.options["analyzer"]));
    const positions = new Map<string, number[]>();
    let length = 0;
    let base = 0;
    for (const text of texts) {
      const terms = analyze(text);
      for (const term of terms) {
        const list = positions.get(term.text) ?? [];
        list.push(base + term.position);
        positions.set(term.text, list);
      }
      length += terms.length;
      base += (terms.at(-1)?.position ?? 0) + 100;
    }
    for (const [term, list] of positions) {
      const docs = this.postings.get(term) ?? new Map<string, readonly number[]>();
      this.postings.set(term, docs.set(id, list));
    }
    this.lengths.set(id, length);
    this.termsOf.set(id, [...positions.keys()]);
    this.total += length;
  }

  delete(id: string): void {
    const length = this.lengths.get(id);
    if (length === undefined) return;
    for (const term of this.termsOf.get(id) ?? []) {
      const docs = this.postings.get(term);
      docs?.delete(id);
      if (docs?.size === 0) this.postings.delete(term);
    }
    this.termsOf.delete(id);
    this.lengths.delete(id);
    this.total -= length;
  }

  /** Lucene's BM25 (k1 1.2, b .75): `tf` over the rounded length that an index keeps in one byte. */
  score(id: string, frequency: number, documentFrequency: number): number {
    const count = this.lengths.size;
    const idf = Math.log(1 + (count - documentFrequency + 0.5) / (documentFrequency + 0.5));
    const average = this.total / count;
    const norm = 1.2 * (1 - 0.75 + (0.75 * roundedLength(this.lengths.get(id) ?? 0)) / average);
    return (idf * frequency) / (frequency + norm);
  }
}

/** Lucene's SmallFloat: lengths up to 39 are exact, longer ones keep four significant bits. */
function roundedLength(length: number): number {
  const exact = 24;
  if (length < exact) return length;
  const value = length - exact;
  const bits = 32 - Math.clz32(value);
  if (bits < 4) return length;
  const shift = bits - 4;
  return exact + ((value >>> shift) << shift);
}

/** Exact values of one field by document: tokens, numbers, dates, points … in one comparable form per type. */
export class ValueField {
  readonly values = new Map<string, readonly IndexedValue[]>();
  readonly field: MappedField;

  constructor(field: MappedField) {
    this.field = field;
  }

  set(id: string, values: readonly unknown[]): void {
    const indexed = values.flatMap((value) => indexedValue(value, this.field) ?? []);
    if (indexed.length > 0) this.values.set(id, indexed);
    else this.values.delete(id);
  }

  delete(id: string): void {
    this.values.delete(id);
  }
}

export interface IndexedValue {
  readonly kind: "string" | "number" | "date" | "boolean" | "objectId" | "uuid" | "null" | "point";
  readonly value: string | number | boolean | Position | null;
}

/** A query's or a document's value in comparable form; null where the type is not one that search knows. */
export function comparable(value: unknown): IndexedValue | null {
  if (value === null) return { kind: "null", value: null };
  if (typeof value === "string") return { kind: "string", value };
  if (typeof value === "number") return { kind: "number", value };
  if (typeof value === "boolean") return { kind: "boolean", value };
  if (value instanceof Date) return { kind: "date", value: value.getTime() };
  if (value instanceof ObjectId) return { kind: "objectId", value: value.toHexString() };
  if (value instanceof Binary && value.sub_type === 4) return { kind: "uuid", value: value.toString("hex") };
  return null;
}

const maxToken = 8191;

function indexedValue(value: unknown, field: MappedField): IndexedValue | null {
  if (field.type === "geo") {
    const point = isDoc(value) ? positionOf(value) : null;
    return point === null ? null : { kind: "point", value: point };
  }
  const found = comparable(value);
  if (found === null) return null;
  if (field.type === "filter") return found;
  if (field.type === "token") {
    if (typeof found.value !== "string" || found.kind !== "string") return null;
    const text = found.value.slice(0, maxToken);
    return { kind: "string", value: field.options["normalizer"] === "lowercase" ? text.toLowerCase() : text };
  }
  return found.kind === field.type || found.kind === "null" ? found : null;
}

/** Vectors of one field, as float32. */
export class VectorField {
  readonly vectors = new Map<string, Float32Array>();
  readonly field: MappedField;

  constructor(field: MappedField) {
    this.field = field;
  }

  set(id: string, values: readonly unknown[]): void {
    const vector = vectorOf(values.length === 1 ? values[0] : values);
    if (vector && vector.length === this.field.options["numDimensions"]) this.vectors.set(id, vector);
    else this.vectors.delete(id);
  }

  delete(id: string): void {
    this.vectors.delete(id);
  }
}

/** A BSON binary vector of float32 or int8, or a list of numbers; null for anything else. */
export function vectorOf(value: unknown): Float32Array | null {
  if (value instanceof Binary && value.sub_type === 9) {
    const type = value.buffer[0];
    if (type === 0x27) return value.toFloat32Array();
    if (type === 0x03) return Float32Array.from(value.toInt8Array());
    return null;
  }
  if (!Array.isArray(value) || !value.every((part) => typeof part === "number" && Number.isFinite(part))) return null;
  return Float32Array.from(value);
}

export function similarityScore(similarity: unknown, a: Float32Array, b: Float32Array): number {
  let [dot, left, right, distance] = [0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    left += a[i]! ** 2;
    right += b[i]! ** 2;
    distance += (a[i]! - b[i]!) ** 2;
  }
  if (similarity === "euclidean") return 1 / (1 + distance);
  if (similarity === "dotProduct") return (1 + dot) / 2;
  return (1 + dot / Math.sqrt(left * right)) / 2;
}
