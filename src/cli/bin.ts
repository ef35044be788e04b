/** Checks the version of Node before anything is loaded that an older one could not even parse. */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  process.stderr.write(
    `HybridRAG needs Node 22.13 or newer; this is ${process.versions.node}. Install a newer Node, or run it by npx in a checkout, which brings one.\n`,
  );
  process.exit(1);
}
process.removeAllListeners("warning");
const { main } = await import("./main.ts");
process.exitCode = await main(process.argv.slice(2));

export {};
