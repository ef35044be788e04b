/** English words of grammar: pronouns, question words, auxiliaries, prepositions, conjunctions, quantities, adverbs. */
export const grammarWords: ReadonlySet<string> = new Set(
  (
    "what whats which who whos whom whose where wheres when why how hows whatever whichever whoever wherever whenever however " +
    "i me my mine myself you your yours yourself yourselves he him his himself she her hers herself it its itself we us our " +
    "ours ourselves they them their theirs themselves this that these those someone somebody something anyone anybody " +
    "anything everyone everybody everything nobody nothing none one ones " +
    "am is are was were be been being do does did doing done have has had having can could may might must shall should " +
    "will would ought arent isnt wasnt werent dont doesnt didnt cant cannot couldnt wont wouldnt shouldnt hasnt havent hadnt " +
    "a an the and or but nor so yet if unless until although though while because since whether than as " +
    "of in on at to by for from with without within about above across after against along among around before behind " +
    "below beneath beside besides between beyond despite during except inside into like near onto opposite outside over per " +
    "regarding through throughout toward towards under underneath upon versus via off out down up " +
    "all any both each either else enough every few fewer first half last least less lots many more most mostly much neither next " +
    "only other others another own same several some such " +
    "again ago almost already also always away back even ever far here hence instead just later long maybe never no not " +
    "now often once perhaps quite rather really soon sometimes still then thence there thereby therefore thus today together " +
    "tomorrow too twice usually very well yes yesterday"
  ).split(" "),
);

/**
 * Words that questions are put with and that say nothing about what is asked: those of grammar and the verbs of asking,
 * as they are folded for the index (`dont`). Unlike stop words they are searched for, since a corpus may have them; one
 * that it lacks is no typing error.
 */
export const commonWords: ReadonlySet<string> = new Set([
  ...grammarWords,
  ...(
    "according answer ask called come comes compare define describe exactly explain find get gets give gives given goes going " +
    "happen happened happens kind kinds know known let list look made make makes mean means mention mentioned mentions name " +
    "named names need needs please provide said say says show shows sort state summarise summarize tell tells thing things " +
    "told type types used uses using want wants went"
  ).split(" "),
]);

/** A word of four letters or more that is no common one: where nobody writes it, it may be one that was mistyped. */
export const mayBeMistyped = (word: string): boolean => /^[\p{L}\p{M}]{4,}$/u.test(word) && !commonWords.has(word);
