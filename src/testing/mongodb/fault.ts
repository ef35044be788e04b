/** What the server answers instead of a result: `ok: 0` with MongoDB's code, name and labels. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  readonly code: number;
  readonly codeName: string;
  readonly labels: readonly string[];
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(
    code: keyof typeof codes,
    message: string,
    options: { readonly labels?: readonly string[]; readonly extra?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message);
    this.codeName = code;
    this.code = codes[code];
    this.labels = options.labels ?? [];
    this.extra = options.extra ?? {};
  }
}

/** The codes that the server uses; names and numbers are MongoDB's. */
export const codes = {
  InternalError: 1,
  BadValue: 2,
  FailedToParse: 9,
  Unauthorized: 13,
  TypeMismatch: 14,
  InvalidLength: 16,
  AuthenticationFailed: 18,
  IllegalOperation: 20,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  CursorNotFound: 43,
  NamespaceExists: 48,
  MaxTimeMSExpired: 50,
  CommandNotFound: 59,
  ImmutableField: 66,
  IndexAlreadyExists: 68,
  InvalidOptions: 72,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  InterruptedDueToReplStateChange: 11602,
  WriteConflict: 112,
  DocumentValidationFailure: 121,
  CommandNotSupported: 115,
  NotPrimaryNoSecondaryOk: 13435,
  NotWritablePrimary: 10107,
  ConflictingOperationInProgress: 117,
  TransactionTooOld: 225,
  NotImplemented: 238,
  NoSuchTransaction: 251,
  TransactionCommitted: 256,
  CommandNotSupportedOnView: 166,
  OptionNotSupportedOnView: 167,
  OperationNotSupportedInTransaction: 263,
  QueryFeatureNotAllowed: 224,
  SystemOverloaded: 489,
  DuplicateKey: 11000,
  SearchNotEnabled: 31082,
  UnknownStage: 40324,
  NotFirstStage: 40602,
  UserNotFound: 11,
  RoleNotFound: 31,
  Location10170100: 10170100,
  Location11178500: 11178500,
  Location9191102: 9191102,
} as const;

/** A command or option that this server knows of and does not have: said aloud, never guessed. */
export const notImplemented = (what: string): ServerError =>
  new ServerError("NotImplemented", `the test server does not implement ${what}`);
