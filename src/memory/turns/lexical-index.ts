/**
 * BM25 over the turns of one conversation, where a turn also holds a share of what its neighbours say: an answer is
 * often in other words than its question, and the words of both are asked for. New turns are added at the end.
 */
export interface LexicalIndex {
  readonly turns: number;
  add(turn: LexicalTurn): void;
  /** A score for each turn, 0 and above; a step for each term. Nothing may be added meanwhile. */
  score(terms: readonly string[]): Generator<void, Float64Array>;
}

export interface LexicalTurn {
  readonly terms: readonly string[];
  /** Of the questions that it answers. */
  readonly asked: readonly string[];
  /** Whether it goes on with the turn before it: else neither holds anything of the other. */
  readonly follows: boolean;
}

/** What the words of a turn's neighbours count, of 1. */
export interface NeighbourShares {
  readonly previous: number;
  readonly asked: number;
  readonly next: number;
}

export const noNeighbours: NeighbourShares = { previous: 0, asked: 0, next: 0 };

const [k1, b] = [0.9, 0.4];

interface Postings {
  /** Rising. */
  readonly turns: number[];
  readonly counts: number[];
}

export function lexicalIndex(shares: NeighbourShares): LexicalIndex {
  const said = new Map<string, Postings>();
  const answered = new Map<string, Postings>();
  const follows: boolean[] = [];
  const ownLengths: number[] = [];
  const lengths: number[] = [];
  let total = 0;

  const lengthen = (turn: number, by: number): void => {
    lengths[turn] = (lengths[turn] ?? 0) + by;
    total += by;
  };

  /** How often each turn holds the term, shares included. */
  const frequencies = (term: string): Float64Array => {
    const found = new Float64Array(lengths.length);
    each(said.get(term), (turn, times) => {
      found[turn]! += times;
      if (follows[turn + 1] === true) found[turn + 1]! += shares.previous * times;
      if (follows[turn] === true) found[turn - 1]! += shares.next * times;
    });
    each(answered.get(term), (turn, times) => {
      found[turn]! += shares.asked * times;
    });
    return found;
  };

  return {
    get turns() {
      return lengths.length;
    },
    add: (added) => {
      const turn = lengths.length;
      const goesOn = added.follows && turn > 0;
      follows.push(goesOn);
      ownLengths.push(added.terms.length);
      lengthen(turn, added.terms.length + shares.asked * added.asked.length);
      if (goesOn) {
        lengthen(turn, shares.previous * ownLengths[turn - 1]!);
        lengthen(turn - 1, shares.next * added.terms.length);
      }
      post(said, turn, added.terms);
      if (shares.asked > 0) post(answered, turn, added.asked);
    },
    *score(terms) {
      const scores = new Float64Array(lengths.length);
      const average = total / Math.max(1, lengths.length);
      for (const term of new Set(terms)) {
        if (!said.has(term) && !answered.has(term)) continue;
        const holding = said.get(term)?.turns.length ?? 0;
        const idf = Math.log(1 + (lengths.length - holding + 0.5) / (holding + 0.5));
        const times = frequencies(term);
        for (let turn = 0; turn < times.length; turn += 1) {
          const often = times[turn]!;
          if (often > 0) scores[turn]! += (idf * often) / (often + k1 * (1 - b + (b * lengths[turn]!) / average));
        }
        yield;
      }
      return scores;
    },
  };
}

function post(index: Map<string, Postings>, turn: number, terms: readonly string[]): void {
  for (const term of terms) {
    let postings = index.get(term);
    if (postings === undefined) index.set(term, (postings = { turns: [], counts: [] }));
    const last = postings.turns.length - 1;
    if (postings.turns[last] === turn) postings.counts[last]! += 1;
    else {
      postings.turns.push(turn);
      postings.counts.push(1);
    }
  }
}

function each(postings: Postings | undefined, visit: (turn: number, times: number) => void): void {
  if (postings === undefined) return;
  for (let at = 0; at < postings.turns.length; at += 1) visit(postings.turns[at]!, postings.counts[at]!);
}
