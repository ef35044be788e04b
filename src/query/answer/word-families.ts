/** Words that answer each other across stems: "when was she born" is answered by "birth". */
const families = [
  "born birth birthplace nativ",
  "die death dead died kill assassin",
  "wife husband spous marri marriag wed wed",
  "father mother parent son daughter child children",
  "found founder establish creat",
  "write wrote writer written author",
  "play player perform perform star",
  "win won winner victori",
  "sing sang song singer",
  "buy bought purchas acquir acquisit",
  "sell sold sale",
  "bear bore",
  "begin began start",
  "lead led leader head",
  "cost price fee",
  "peopl inhabit popul resid",
  "job profess occup career",
  "movi film",
  "tall high height",
  "deep depth",
  "wide width",
  "heavi weigh weight",
  "freez frozen froze",
];

/** From a stemmed word to the other stems of its family. */
export function wordFamilies(): (term: string) => readonly string[] {
  const members = new Map<string, readonly string[]>();
  for (const family of families) {
    const stems = family.split(" ");
    for (const stem of stems)
      members.set(
        stem,
        stems.filter((other) => other !== stem),
      );
  }
  return (term) => members.get(term) ?? [];
}
