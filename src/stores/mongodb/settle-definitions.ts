import { rows, type Context } from "./context.ts";
import { generationOf } from "./generation.ts";
import type { Quantization } from "./indexes.ts";
import { collections } from "./names.ts";
import { capabilitiesOf } from "./probe.ts";
import type { ListedIndex } from "./search-profile.ts";
import { sizingOf, type Sizing } from "./sizing.ts";

interface Vectors {
  readonly dimensions: number;
  readonly generation: number;
}

interface Chosen {
  /** Undefined leaves it out of the definition, which means none. */
  readonly quantization?: Quantization;
}

/** The weakest first. */
const strengths: readonly Quantization[] = ["none", "scalar", "binary"];

/**
 * Quantization of a vector index where the settings leave it open: what the index has, and what its size in memory asks
 * for where there is none yet, or where that is asked (`bySize`). It never goes back to a weaker one by itself: an index
 * at the border would be built again and again.
 */
export async function chosenQuantization(context: Context, vectors: Vectors, bySize: boolean): Promise<Chosen> {
  const { profile } = context;
  if (!profile.isQuantizationOpen) return said(profile.settings.quantization);
  const listed = await profile.listWhereSearched();
  const present = listed && quantizationIn(listed, generationOf(vectors.generation).index);
  if (present !== null && !bySize) return said(present);
  const { quantization } = await sizingNow(context, vectors.dimensions);
  const stronger = strengths.indexOf(quantization) > strengths.indexOf(present ?? "none");
  return said(stronger ? quantization : (present ?? "none"));
}

const said = (quantization: Quantization | undefined): Chosen =>
  quantization === undefined || quantization === "none" ? {} : { quantization };

/**
 * Makes of the settings what this cluster is asked for: quantization of the index in use, and a vector field in the text
 * index only where there is an operator that reads it.
 */
export async function settleDefinitions(context: Context, bySize: boolean): Promise<void> {
  const { profile } = context;
  if (profile.settings.lexicalPrefilter && !(await capabilitiesOf(context)).lexicalPrefilter)
    profile.settings = { ...profile.settings, lexicalPrefilter: false };
  await settleQuantization(context, bySize);
}

async function settleQuantization(context: Context, bySize: boolean): Promise<void> {
  const { profile, generation } = context;
  const { quantization: _open, ...settings } = profile.settings;
  if (!profile.isQuantizationOpen || settings.dimensions === 0) return;
  const vectors = { dimensions: settings.dimensions, generation: generation.number };
  profile.settings = { ...settings, ...(await chosenQuantization(context, vectors, bySize)) };
}

/** What the vectors of all passages take. */
export async function sizingNow(context: Context, dimensions: number): Promise<Sizing> {
  return sizingOf(await rows(context, collections.chunks).estimatedDocumentCount(), dimensions);
}

/** Null where the index is not there. */
function quantizationIn(listed: readonly ListedIndex[], index: string): Quantization | null {
  const definition = listed.find(({ name }) => name === index)?.latestDefinition;
  if (definition === undefined) return null;
  const fields = Array.isArray(definition["fields"]) ? (definition["fields"] as readonly ListedField[]) : [];
  return fields.find(({ type }) => type === "vector")?.quantization ?? "none";
}

interface ListedField {
  readonly type?: string;
  readonly quantization?: Quantization;
}
