/* The keys, and whether single letters are among them. */
import { CheckBox, Dialog } from '../design';
import { t, type PlainTextKey } from '../i18n';
import { setSingleKeys, singleKeys } from './shortcuts';

const KEYS: readonly [keys: string, text: PlainTextKey][] = [
    ['Ctrl K', 'app.key_palette'],
    ['/', 'app.key_search'],
    ['N', 'app.key_new'],
    ['E', 'app.key_edit'],
    ['Ctrl Enter', 'app.key_save'],
    ['↑ ↓', 'app.key_rows'],
    ['Esc', 'app.key_close'],
    ['?', 'app.key_help'],
];

export function ShortcutHelp({ onClose }: { onClose: () => void }) {
    return (
        <Dialog title={t('app.keys')} onClose={onClose}>
            <div class="stack">
                <dl class="definitions">
                    {KEYS.map(([keys, text]) => (
                        <>
                            <dt>
                                {keys.split(' ').map((key) => (
                                    <>
                                        <kbd>{key}</kbd>{' '}
                                    </>
                                ))}
                            </dt>
                            <dd>{t(text)}</dd>
                        </>
                    ))}
                </dl>
                <CheckBox checked={singleKeys.value} onChange={setSingleKeys}>
                    {t('app.single_keys')}
                </CheckBox>
            </div>
        </Dialog>
    );
}
