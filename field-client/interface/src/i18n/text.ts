/* t('key', {n: 3}): a text of texts/ in the language of the person. What a text needs is checked by the compiler. */
import { language } from './language';
import { texts } from './texts';

type Texts = typeof texts;
export type TextKey = keyof Texts;

/* "{n}" and "{n|visit|visits}" both need n. */
type NameOf<Placeholder extends string> = Placeholder extends `${infer Name}|${string}` ? Name : Placeholder;
type Needed<Text extends string> = Text extends `${string}{${infer Placeholder}}${infer Rest}` ? NameOf<Placeholder> | Needed<Rest> : never;
type ParametersOf<Key extends TextKey> = Needed<Texts[Key][0] | Texts[Key][1]>;
/* Keys of texts that need nothing filled in: for titles in tables. */
export type PlainTextKey = { [Key in TextKey]: [ParametersOf<Key>] extends [never] ? Key : never }[TextKey];
type Arguments<Key extends TextKey> = [ParametersOf<Key>] extends [never] ? [] : [values: Record<ParametersOf<Key>, string | number>];

/* "{n|visit|visits}" is the first form for 1 and the second for every other number. */
export function fill(text: string, values: Record<string, string | number>): string {
    return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_, name: string, one?: string, many?: string) => {
        const value = values[name] ?? '';
        return one === undefined ? String(value) : value === 1 ? one : (many ?? '');
    });
}

export function t<Key extends TextKey>(key: Key, ...values: Arguments<Key>): string {
    const pair: readonly [string, string] = texts[key];
    return fill(pair[language.value === 'zh' ? 0 : 1], values[0] ?? {});
}
