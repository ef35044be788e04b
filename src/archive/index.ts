export { exportArchive } from "./export-archive.ts";
export { importArchive } from "./import-archive.ts";
export type { ArchiveCounts } from "./record.ts";
