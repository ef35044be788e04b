import type { LinkedPassage } from "../../../ports/graph-store.ts";
import { asTitle, type GraphSegment } from "./graph-segment.ts";
import type { Name } from "./graph-view.ts";
import { startOfName } from "./name-table.ts";

export type Mentioned = LinkedPassage["entities"];

/** Names of more passages than this are looked for in each passage, instead of noting all passages that have them. */
const mostNoted = 500;

/**
 * Which of these names a row of a segment mentions, in their order.
 * @param part number of the segment.
 * @param most `mostNoted`, but for tests.
 */
export function mentionsIn(
  segment: GraphSegment,
  part: number,
  names: readonly Name[],
  most = mostNoted,
): (row: number) => Mentioned {
  const isNoted = names.every(({ lists }) => lists[part]!.length <= most);
  return isNoted ? notedMentions(part, names) : soughtMentions(segment, part, names);
}

function notedMentions(part: number, names: readonly Name[]): (row: number) => Mentioned {
  const noted = new Map<number, Mentioned>();
  for (const { entity, lists } of names) {
    for (const posting of lists[part]!) {
      const row = posting >>> 2;
      noted.set(row, [...(noted.get(row) ?? none), { entity, title: (posting & asTitle) !== 0 }]);
    }
  }
  return (row) => noted.get(row) ?? none;
}

function soughtMentions(
  { passageNames, passageEnds }: GraphSegment,
  part: number,
  names: readonly Name[],
): (row: number) => Mentioned {
  const numbers = names.map((name) => name.numbers[part]!);
  return (row) => {
    let found = none;
    for (let at = startOfName(passageEnds, row); at < passageEnds[row]!; at++) {
      const entry = passageNames[at]!;
      const which = numbers.indexOf(entry >>> 2);
      if (which < 0) continue;
      // Entries are in the order of names, as those asked about are.
      found = [...found, { entity: names[which]!.entity, title: (entry & asTitle) !== 0 }];
    }
    return found;
  };
}

const none: Mentioned = [];
