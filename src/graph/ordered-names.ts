import type { PassageNames } from "../ports/graph-store.ts";
import { textAt, type TextList, textList } from "../text/text-list.ts";
import { renumbered, startOf } from "./flat-graph.ts";

/**
 * The same in the one order that there is: passages by their ids, names as the passages have them, within a passage by
 * their texts. What depends on an order is then the same for every engine.
 */
export function orderedNames(given: PassageNames): PassageNames {
  const ids = textsOf(given.passages);
  const texts = textsOf(given.names);
  const rows = Uint32Array.from(ids, (_id, row) => row).sort((a, b) => (ids[a]! < ids[b]! ? -1 : 1));
  const mentioned = new Uint32Array(given.mentioned.length);
  let at = 0;
  const ends = rows.map((row) => {
    const own = given.mentioned.slice(startOf(given.ends, row), given.ends[row]);
    mentioned.set(
      own.sort((a, b) => (texts[a]! < texts[b]! ? -1 : 1)),
      at,
    );
    return (at += own.length);
  });
  const { groupOf: numbers, count } = renumbered(mentioned);
  const names: string[] = Array.from({ length: count });
  mentioned.forEach((name, index) => (names[numbers[index]!] = texts[name]!));
  return {
    revision: given.revision,
    total: given.total,
    passages: textList(Array.from(rows, (row) => ids[row]!)),
    documents: rows.map((row) => given.documents[row]!),
    names: textList(names),
    ends,
    mentioned: numbers,
  };
}

const textsOf = (list: TextList): readonly string[] => Array.from(list.ends, (_end, index) => textAt(list, index));
