/** The part of yauzl that we use; the package ships no types. */
declare module "yauzl" {
  import type { EventEmitter } from "node:events";
  import type { Readable } from "node:stream";

  export interface Entry {
    readonly fileName: string;
    readonly compressedSize: number;
    readonly uncompressedSize: number;
    isEncrypted(): boolean;
  }

  export interface ZipFile extends EventEmitter {
    readonly entryCount: number;
    readEntry(): void;
    openReadStream(entry: Entry, callback: (error: Error | null, stream: Readable) => void): void;
  }

  export function fromBuffer(
    buffer: Buffer,
    options: { readonly lazyEntries: boolean; readonly validateEntrySizes: boolean },
    callback: (error: Error | null, zip: ZipFile) => void,
  ): void;
}
