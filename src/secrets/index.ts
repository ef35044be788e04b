export { awsSource, type AwsSourceOptions } from "./aws-source.ts";
export { environmentSource } from "./environment.ts";
export { newFernetKey } from "./fernet.ts";
export { gcpSource, type GcpSourceOptions } from "./gcp-source.ts";
export { secretChain, type SecretChain } from "./secret-chain.ts";
export { secretFile, type SecretFile } from "./secret-file.ts";
export type { SecretPlace } from "./secret-place.ts";
export type { SecretSource } from "./secret-source.ts";
