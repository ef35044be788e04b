/** What a server of this kind has; whatever it lacks, it refuses as MongoDB does. */
export interface Profile {
  readonly name: ProfileName;
  readonly version: string;
  readonly maxWireVersion: number;
  /** mongot is attached: search indexes, `$search`, `$searchMeta`, `$vectorSearch`. */
  readonly search: boolean;
  readonly rankFusion: boolean;
  readonly scoreFusion: boolean;
  /** The `vectorSearch` operator inside `$search` (preview). */
  readonly vectorOperator: boolean;
  /** Search indexes of a collection at most; null: unlimited. */
  readonly maxSearchIndexes: number | null;
}

export type ProfileName = "7.0" | "8.0" | "8.2" | "atlas";

/** A self-managed server has search from 8.2; Atlas has it whatever the server version. */
export const profiles: Readonly<Record<ProfileName, Profile>> = {
  "7.0": {
    name: "7.0",
    version: "7.0.26",
    maxWireVersion: 21,
    search: false,
    rankFusion: false,
    scoreFusion: false,
    vectorOperator: false,
    maxSearchIndexes: null,
  },
  "8.0": {
    name: "8.0",
    version: "8.0.16",
    maxWireVersion: 25,
    search: false,
    rankFusion: false,
    scoreFusion: false,
    vectorOperator: false,
    maxSearchIndexes: null,
  },
  "8.2": {
    name: "8.2",
    version: "8.2.2",
    maxWireVersion: 27,
    search: true,
    rankFusion: true,
    scoreFusion: true,
    vectorOperator: false,
    maxSearchIndexes: null,
  },
  atlas: {
    name: "atlas",
    version: "8.0.16",
    maxWireVersion: 25,
    search: true,
    rankFusion: true,
    scoreFusion: false,
    vectorOperator: true,
    maxSearchIndexes: 3,
  },
};
