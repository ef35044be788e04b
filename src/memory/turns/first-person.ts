/**
 * Puts the name of who speaks in place of "I", and of whom a question is put to in place of "you": what is searched for
 * is asked by name ("What did Ana paint?") and answered in the first person.
 */

interface Forms {
  readonly subject: RegExp;
  readonly contracted: RegExp;
  readonly possessive: RegExp;
}

const contractions: Readonly<Record<string, string>> = { m: "is", re: "is", ve: "has", ll: "will", d: "would" };

const first: Forms = {
  subject: /(?<![\p{L}\p{N}'’])(?:I|[Mm]e|[Mm]yself)(?![\p{L}\p{N}'’])/gu,
  contracted: /(?<![\p{L}\p{N}'’])I['’](m|ve|ll|d)(?![\p{L}\p{N}])/gu,
  possessive: /(?<![\p{L}\p{N}'’])(?:[Mm]y|[Mm]ine)(?![\p{L}\p{N}'’])/gu,
};

const second: Forms = {
  subject: /(?<![\p{L}\p{N}'’])(?:[Yy]ou|[Yy]ourself)(?![\p{L}\p{N}'’])/gu,
  contracted: /(?<![\p{L}\p{N}'’])[Yy]ou['’](re|ve|ll|d)(?![\p{L}\p{N}])/gu,
  possessive: /(?<![\p{L}\p{N}'’])(?:[Yy]our|[Yy]ours)(?![\p{L}\p{N}'’])/gu,
};

/** "I've sold my car" said by Ana: "Ana has sold Ana's car". */
export const namingSpeaker = (text: string, speaker: string): string => naming(text, speaker, first);

/** "Have you sold your car?" put to Ana: "Have Ana sold Ana's car?" */
export const namingListener = (text: string, listener: string): string => naming(text, listener, second);

const naming = (text: string, name: string, { subject, contracted, possessive }: Forms): string =>
  text
    .replace(contracted, (_whole, ending: string) => `${name} ${contractions[ending]}`)
    .replace(possessive, () => `${name}'s`)
    .replace(subject, () => name);
