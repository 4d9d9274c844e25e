/* Words of the vault's commands (rights, states, events) as people say them. A word that is not known here is shown as it is. */
import { t, type PlainTextKey } from '../i18n';
import { texts } from '../i18n/texts';

type Kind = 'right' | 'state' | 'event' | 'how' | 'why' | 'step' | 'field' | 'standing' | 'kind';

export const RIGHTS = ['list', 'reveal', 'lease', 'edit', 'approve', 'manage'] as const;

export function wordOf(kind: Kind, word: string): string {
    const key = `vault.${kind}_${word}`;
    return key in texts ? t(key as PlainTextKey) : word;
}

export function rightsText(rights: readonly string[]): string {
    return rights.map((right) => wordOf('right', right)).join(t('vault.comma'));
}
