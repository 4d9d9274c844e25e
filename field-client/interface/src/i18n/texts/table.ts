/* Every text in both languages: one that lacks either does not compile. "{n}" is filled in, "{n|visit|visits}" chooses by number. */
export type TextTable = Record<string, readonly [zh: string, en: string]>;
