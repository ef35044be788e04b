/** Holds answers back for a moment. */
export interface AnswerGate {
  hold(): void;
  release(): void;
  /** Null while answers pass. */
  waiting(): Promise<void> | null;
}

export function answerGate(): AnswerGate {
  let held: PromiseWithResolvers<void> | null = null;
  return {
    hold: () => {
      held ??= Promise.withResolvers<void>();
    },
    release: () => {
      held?.resolve();
      held = null;
    },
    waiting: () => held?.promise ?? null,
  };
}
