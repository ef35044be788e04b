import { Binary, MongoServerError, type Db } from "mongodb";
import type { Body } from "./check-pipeline.ts";
import type { Context } from "./context.ts";
import { collections, textIndexName, vectorIndexName } from "./names.ts";
import type { SearchCapabilities } from "./search-profile.ts";

const unitVector = Binary.fromFloat32Array(Float32Array.from([1]));
/** No index has such a name: nothing is found, so that a trial is cheap. It asks the passages, which every role may read. */
const absent = (index: string): string => `${index}_probe`;
const text = { $search: { index: absent(textIndexName), exists: { path: "_id" } } };

/** Codes by which servers say that they do not have a stage, in one version or another. */
const absentCodes = new Set([9, 224, 238, 31082, 40324, 59]);

/** Of this cluster, found out once, without what is switched off. */
export function capabilitiesOf(context: Context): Promise<SearchCapabilities> {
  context.capabilities ??= probe(context.db).then(
    (found) => ({ ...found, ...Object.fromEntries(context.featuresOff.map((name) => [name, false])) }),
    (error: unknown) => {
      context.capabilities = null;
      throw error;
    },
  );
  return context.capabilities;
}

/** Finds out by trial pipelines what the cluster has; versions do not tell. */
async function probe(db: Db): Promise<SearchCapabilities> {
  const chunks = db.collection(collections.chunks);
  const has = async (stage: Body): Promise<boolean> => {
    try {
      await chunks.aggregate([stage, { $limit: 1 }]).toArray();
      return true;
    } catch (error) {
      if (error instanceof MongoServerError && absentCodes.has(Number(error.code))) return false;
      if (error instanceof MongoServerError && /unrecognized|not supported|not allowed/i.test(error.message))
        return false;
      throw error;
    }
  };
  const search = await has(text);
  if (!search) return { search, rankFusion: false, scoreFusion: false, lexicalPrefilter: false };
  const input = { pipelines: { text: [text, { $limit: 1 }] } };
  const vectorSearch = { path: "vector", queryVector: unitVector, numCandidates: 1, limit: 1 };
  const [rankFusion, scoreFusion, lexicalPrefilter] = await Promise.all([
    has({ $rankFusion: { input, combination: { weights: { text: 1 } } } }),
    has({ $scoreFusion: { input: { ...input, normalization: "none" }, combination: { weights: { text: 1 } } } }),
    has({ $search: { index: absent(vectorIndexName), vectorSearch } }),
  ]);
  return { search, rankFusion, scoreFusion, lexicalPrefilter };
}
