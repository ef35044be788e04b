/** Weights of the features of abstention; their sum says how near the question is to what was found. */
export interface AbstentionWeights {
  readonly intercept: number;
  /** Best passage cosine. */
  readonly topCosine: number;
  /** Share of the question's weight in one of the first three passages. */
  readonly coverage: number;
  /** ln(1 + telling words of the question): the longer it is, the less of it one passage has. */
  readonly length: number;
  /** Names and numbers of the question that no passage has, at most 2. */
  readonly missing: number;
  /** ln(1 + passages searched, at most 1,000): among many something lies near every question. */
  readonly size: number;
}

/** Below `none` nothing was found; from `answer` on the passages are taken to answer. */
export interface AbstentionLine {
  readonly weights: AbstentionWeights;
  readonly none: number;
  readonly answer: number;
}

/** What the extractive answer was fitted to. `embedder` begins the fingerprints whose cosines the weights belong to. */
export interface AnswerConstants {
  readonly embedder: string;
  readonly abstention: AbstentionLine;
  /** For a search without vectors: it has no cosine, and finds other passages. */
  readonly lexicalAbstention: AbstentionLine;
}

/**
 * Fitted with the bundled embedder on 1,097 questions of six judged collections and 1,200 asked of the wrong one, and on
 * about as many asked of small parts of them. Held out set by set, 94 to 100 % of the wrong ones are turned away, and 92
 * to 100 % of the right ones are not; by words alone 94 to 100 % and 40 to 93 %. `npm run fit` makes others.
 */
export const bundledConstants: AnswerConstants = {
  embedder: "local:all-MiniLM-L6-v2",
  abstention: {
    weights: { intercept: -4.1, topCosine: 14.84, coverage: 6.73, length: 0.6, missing: -0.33, size: -0.84 },
    none: 0.15,
    answer: 2.15,
  },
  lexicalAbstention: {
    weights: { intercept: -4.18, topCosine: 0, coverage: 14.05, length: 1.56, missing: -0.49, size: -0.62 },
    none: 1.5,
    answer: 3.5,
  },
};

/** Passages that an answer is looked for in. */
export const answerPassages = 10;

/** Measured weights of a unit's own score; differences under .01 of the outcome mean nothing. */
export const unitWeights = {
  passage: 0.7,
  cosine: 0.75,
  answerType: 0.4,
  /** A word that the title, a heading or the speaker has. */
  headingTerm: 0.5,
  /** A word whose first five letters the unit has in another form. */
  sameBeginning: 0.5,
  /** Taken off a unit that asks. */
  question: 0.6,
  /** A word of the same family: born, birth. */
  sameFamily: 1,
} as const;

/**
 * Measured weights of what a unit gains beside those that were picked before it; chosen on one half of the questions
 * of six collections and held on the other (docs/decisions/0060-picking-units.md).
 */
export const pickWeights = {
  /** Times the share of the question's weight that nothing picked covers yet. */
  newTerms: 1,
  /** Times that share again, for a unit joined to a picked one by a name that the question does not say. */
  joined: 5,
  /** For a unit of the passage whose title a picked unit says. */
  titled: 0.6,
  /** For a unit in a passage that a link reaches from a picked one, times the link's strength, at most once. */
  linked: 0.5,
  /** The same, times the share that nothing picked covers. */
  linkedNew: 1,
  /** For the unit that holds the name over which a picked passage was reached. */
  linkSource: 0.3,
  /** Taken off for each unit picked from the same passage. */
  samePassage: 0.1,
  /** The next unit is shown when it reaches at least this share of the first. */
  keep: 0.8,
  limit: 3,
} as const;
