/** What one passage contributes to the graph: its names, what it points at, and what it says of two names. */
import type { ExtractPassage, ExtractResult } from "../../ports/extractor.ts";
import type { Assertion, Mention, MentionKind, PassageLink } from "../../records.ts";
import { nameKey } from "../../text/name-key.ts";
import { type DefinedTerm, findDefinedTerms } from "../../text/names/defined-terms.ts";
import { headingParts } from "../../text/names/headings.ts";
import { findIdentifiers, withWholeIdentifiers } from "../../text/names/identifiers.ts";
import { isEmptyTitle, leadRun, leadSubject, otherLeadNames } from "../../text/names/lead-subject.ts";
import { namedRuns } from "../../text/names/named-runs.ts";
import { findReferences, type TextReference } from "../../text/names/references.ts";
import { findStatements } from "../../text/names/statements.ts";
import type { NamedRun, TaggedToken } from "../../text/names/tagged-token.ts";
import type { TextSpan } from "../../text/sentences.ts";
import { splitUnits } from "../../text/units.ts";
import type { Tagger } from "./tagger.ts";

export type PassageGraph = ExtractResult["passages"][number];

export const emptyGraph: PassageGraph = { mentions: [], links: [], assertions: [] };

export function extractPassage(passage: ExtractPassage, tagger: Tagger): PassageGraph {
  const { content } = passage;
  const identifiers = findIdentifiers(content);
  const tokens = withWholeIdentifiers(tagger.tag(content), content, identifiers);
  const runs = namedRuns(tokens, content, tagger.isWord);
  const terms = findDefinedTerms(content);
  const references = findReferences(content);
  return {
    mentions: distinctMentions([
      ...titleMentions(passage, tokens, runs),
      ...headingMentions(passage),
      ...termMentions(passage, terms),
      ...runs.map((run) => mentionAt(passage, run, "body", "unknown")),
      ...identifiers
        .filter(({ isConstant }) => isConstant)
        .map((identifier) => mentionAt(passage, identifier, "body", "identifier")),
      ...references
        .filter(({ kind }) => kind === "ticket")
        .map((ticket) => mentionAt(passage, ticket, "body", "ticket")),
    ]),
    links: [...passage.links, ...references.map((reference) => linkOf(passage, reference))],
    assertions: [...shortForms(passage, terms), ...statements(passage, tokens, runs)],
  };
}

/**
 * The title stands for every passage of its document; so does what precedes the comma of "Paris, Texas". Where the
 * title says nothing, the passage's first sentence may say what it is about.
 */
function titleMentions(passage: ExtractPassage, tokens: readonly TaggedToken[], runs: readonly NamedRun[]): Mention[] {
  const { title, content } = passage;
  if (isEmptyTitle(title)) {
    const subject = leadSubject(content) ?? leadRun(tokens, runs);
    if (subject === null) return [];
    const others = otherLeadNames(content, subject).map((name) => mentionOf(passage, name, "title", "unknown"));
    return [mentionAt(passage, subject, "title", "unknown"), ...others];
  }
  // A reply is about what the message was about that it answers.
  const subject = title.replace(/^(?:(?:re|fwd?|aw|wg|antw|sv)\s*:\s*)+(?=\S)/i, "");
  const comma = /^(.{3,}?), \p{Lu}/u.exec(subject);
  const names = comma === null ? [subject] : [subject, comma[1]!];
  return names.map((name) => mentionOf(passage, name, "title", "unknown"));
}

/** A numbered heading is also a title, namely of the place that "see section 3.2" means in this document. */
function headingMentions(passage: ExtractPassage): Mention[] {
  return passage.heading_path.flatMap((heading) => {
    const { name, place } = headingParts(heading);
    const named = name === null ? [] : [mentionOf(passage, name, "heading", "unknown")];
    if (place === null) return named;
    const entity = placeKey(passage, place);
    return [...named, { ...mentionOf(passage, heading, "title", "section"), entity }];
  });
}

const placeKey = (passage: ExtractPassage, place: string): string => `${nameKey(passage.title)} ${place}`.trim();

const termMentions = (passage: ExtractPassage, terms: readonly DefinedTerm[]): Mention[] =>
  terms.flatMap((term) => {
    const own = mentionAt(passage, term, "term", "term");
    return term.longForm === null ? [own] : [own, mentionAt(passage, term.longForm, "body", "unknown")];
  });

/** A name that the passage may hold as written; without offsets where it does not. */
function mentionOf(passage: ExtractPassage, name: string, kind: MentionKind, type: string): Mention {
  const at = passage.content.indexOf(name);
  const found = at === -1 || name === "" ? null : { start: passage.start + at, end: passage.start + at + name.length };
  const place = found ?? { start: null, end: null };
  return { chunk_id: passage.chunk_id, entity: nameKey(name), name, kind, type, ...place };
}

function mentionAt(passage: ExtractPassage, span: TextSpan, kind: MentionKind, type: string): Mention {
  const name = passage.content.slice(span.start, span.end);
  const place = { start: passage.start + span.start, end: passage.start + span.end };
  return { chunk_id: passage.chunk_id, entity: nameKey(name), name, kind, type, ...place };
}

/** The first of each name and kind; a defined term is not also a plain name. */
function distinctMentions(mentions: readonly Mention[]): Mention[] {
  const seen = new Set<string>();
  return mentions.filter(({ entity, kind }) => {
    const place = kind === "term" ? "body" : kind;
    const key = `${place} ${entity}`;
    if (entity === "" || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function linkOf(passage: ExtractPassage, { kind, target, start, end }: TextReference): PassageLink {
  return {
    chunk_id: passage.chunk_id,
    kind,
    target: kind === "reference" ? placeKey(passage, target) : target,
    start: passage.start + start,
    end: passage.start + end,
  };
}

const shortForms = (passage: ExtractPassage, terms: readonly DefinedTerm[]): Assertion[] =>
  terms.flatMap(({ term, longForm }) =>
    longForm === null
      ? []
      : [
          {
            chunk_id: passage.chunk_id,
            source_entity: nameKey(term),
            target_entity: nameKey(longForm.text),
            type: "short for",
            description: `${term} is short for ${longForm.text}.`,
            weight: 1,
            confidence: "high",
          },
        ],
  );

function statements(passage: ExtractPassage, tokens: readonly TaggedToken[], runs: readonly NamedRun[]): Assertion[] {
  const { content } = passage;
  const sentences = splitUnits(content);
  const sentenceOf = (offset: number): number => sentences.findLastIndex(({ start }) => start <= offset);
  const keyOf = (run: NamedRun): string => nameKey(content.slice(run.start, run.end));
  return findStatements(tokens, runs, sentenceOf).flatMap(({ subject, object, relation }) => {
    const [source, target] = [runs[subject]!, runs[object]!];
    const sentence = sentences[sentenceOf(source.start)];
    if (sentence === undefined || keyOf(source) === keyOf(target)) return [];
    return [
      {
        chunk_id: passage.chunk_id,
        source_entity: keyOf(source),
        target_entity: keyOf(target),
        type: relation,
        description: content.slice(sentence.start, sentence.end).replaceAll(/\s+/g, " "),
        weight: 1,
        confidence: "low",
      },
    ];
  });
}
