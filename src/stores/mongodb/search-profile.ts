import { MongoServerError, type Db } from "mongodb";
import { HybridRAGError, type ErrorCode } from "../../errors.ts";
import { shapeOf, type IndexShape } from "./check-pipeline.ts";
import {
  fieldsOf,
  searchIndexes,
  textIndex,
  vectorIndex,
  type IndexSettings,
  type SearchIndexSpec,
} from "./indexes.ts";
import type { FilterField } from "./filter-fields.ts";
import { collections } from "./names.ts";

/** What a trial pipeline found this cluster to have. */
export interface SearchCapabilities {
  readonly search: boolean;
  readonly rankFusion: boolean;
  readonly scoreFusion: boolean;
  /** The `vectorSearch` operator inside `$search`. */
  readonly lexicalPrefilter: boolean;
}

/** Those that a setting can switch off. */
export type SwitchedFeature = Exclude<keyof SearchCapabilities, "search">;

/** One search index as the server lists it. */
export interface ListedIndex {
  readonly name: string;
  readonly type?: string;
  readonly status?: string;
  readonly queryable?: boolean;
  readonly latestDefinition?: Readonly<Record<string, unknown>>;
  readonly statusDetail?: readonly {
    readonly message?: string;
    /** What answers, while a newer definition is built. */
    readonly mainIndex?: { readonly definition?: Readonly<Record<string, unknown>> };
  }[];
}

/** Servers without search know neither the command nor the stage. */
const absentCodes = new Set([31082, 40324, 59]);
/** How long a good state of the indexes is believed, in milliseconds. */
const believedMs = 30_000;
const mend = "run `hybridrag indexes apply` and `hybridrag indexes wait`";

interface Shapes {
  readonly settings: IndexSettings;
  readonly text: IndexShape;
  /** Made when it is asked for: without dimensions there is none. */
  readonly vector: () => IndexShape;
}

/** The search indexes that this store expects, and whether they are there: the server would only keep silent. */
export class SearchProfile {
  settings: IndexSettings;
  /** The settings leave quantization to the size of the index. */
  readonly isQuantizationOpen: boolean;
  private readonly db: Db;
  private readonly clock: () => number;
  private readonly checkGeneration: () => Promise<void>;
  private goodUntil = 0;
  private made: Shapes | null = null;
  /** Indexes that answer and no longer follow the writes. */
  stale: readonly string[] = [];
  /** The server said that it has no search at all. */
  isAbsent = false;

  /** @param checkGeneration rejects when the settings are of an index that is no more. */
  constructor(db: Db, settings: IndexSettings, clock: () => number, checkGeneration: () => Promise<void>) {
    this.checkGeneration = checkGeneration;
    this.db = db;
    this.settings = settings;
    this.isQuantizationOpen = settings.quantization === undefined;
    this.clock = clock;
  }

  get specs(): readonly SearchIndexSpec[] {
    return searchIndexes(this.settings);
  }

  get fields(): readonly FilterField[] {
    return fieldsOf(this.settings);
  }

  get text(): IndexShape {
    return this.shapes().text;
  }

  get vector(): IndexShape {
    return this.shapes().vector();
  }

  /** Every stage of a search is checked against them: they are made once for settings. */
  private shapes(): Shapes {
    if (this.made?.settings !== this.settings) {
      const { settings } = this;
      let vector: IndexShape | null = null;
      this.made = {
        settings,
        text: shapeOf(textIndex(settings)),
        vector: () => (vector ??= shapeOf(vectorIndex(settings))),
      };
    }
    return this.made;
  }

  /** The next check asks the server again. */
  doubt(): void {
    this.goodUntil = 0;
  }

  async list(): Promise<readonly ListedIndex[]> {
    try {
      return (await this.db.collection(collections.chunks).listSearchIndexes().toArray()) as readonly ListedIndex[];
    } catch (error) {
      if (!(error instanceof MongoServerError)) throw error;
      if (error.code === 26) return [];
      this.isAbsent = absentCodes.has(Number(error.code));
      throw error;
    }
  }

  /** Null on a server that has no search: there is nothing to build and nothing to wait for. */
  async listWhereSearched(): Promise<readonly ListedIndex[] | null> {
    try {
      return await this.list();
    } catch (error) {
      if (this.isAbsent) return null;
      throw error;
    }
  }

  /** Asks again where a search found nothing although there is something: an index may be gone since the last look. */
  doubtAndRequireReady(): Promise<void> {
    this.doubt();
    return this.requireReady();
  }

  /** @throws HybridRAGError `not_ready` or `index_mismatch`, with what mends it. */
  async requireReady(): Promise<void> {
    if (this.clock() < this.goodUntil) return;
    const [listed] = await Promise.all([this.list(), this.checkGeneration()]);
    const isOurs = (name: string): boolean => this.specs.some((spec) => spec.name === name);
    for (const spec of this.specs)
      checkListed(
        spec,
        listed.find((index) => index.name === spec.name),
      );
    this.stale = listed.filter(({ name, status }) => isOurs(name) && status === "STALE").map(({ name }) => name);
    this.goodUntil = this.clock() + believedMs;
  }
}

function checkListed(spec: SearchIndexSpec, listed: ListedIndex | undefined): void {
  const refuse = (why: string, code: ErrorCode = "not_ready"): never => {
    throw new HybridRAGError(code, `The search index ${spec.name} ${why}; ${mend}.`, {
      details: { index: spec.name, status: listed?.status ?? "DOES_NOT_EXIST" },
    });
  };
  if (listed === undefined) return refuse("does not exist", "index_absent");
  if (listed.type !== undefined && listed.type !== spec.type)
    return refuse(`is of type ${listed.type}, not ${spec.type}`);
  if (listed.status === "FAILED") return refuse("failed to build", "index_failed");
  if (listed.queryable !== true) return refuse("is still being built", "index_building");
  const definition = servedDefinition(listed);
  if (definition === undefined) return;
  const have = shapeOf({ name: spec.name, type: spec.type, definition });
  const want = shapeOf(spec);
  if (have.dimensions !== 0 && want.dimensions !== 0 && have.dimensions !== want.dimensions) {
    throw new HybridRAGError(
      "index_mismatch",
      `The search index ${spec.name} holds ${have.dimensions} dimensions and the embedder gives ${want.dimensions}; ` +
        "set the model that it was built with, or apply the new definition and ingest again.",
      { details: { index: spec.name, built: have.dimensions, asked: want.dimensions } },
    );
  }
  for (const [path, types] of want.paths) {
    const missing = [...types].find((type) => have.paths.get(path)?.has(type) !== true);
    const isSpare = spec.type === "search" && missing === "vector";
    if (missing !== undefined && !isSpare) return refuse(`does not hold ${path} as ${missing}`);
  }
}

/** While an update is built, the definition before answers. */
function servedDefinition({ status, latestDefinition, statusDetail }: ListedIndex): ListedIndex["latestDefinition"] {
  const served = statusDetail?.find((host) => host.mainIndex?.definition)?.mainIndex?.definition;
  return status === "BUILDING" ? (served ?? latestDefinition) : latestDefinition;
}
