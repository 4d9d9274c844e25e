/* A text of a row that saves itself, and says so. */
import { Button, Field, TextArea, errorText } from '../design';
import { t } from '../i18n';
import type { SaveState } from './saver';
import { useAutosave } from './use-autosave';

const STATE_TEXTS = { typed: 'technician.typing', saving: 'technician.saving', saved: 'technician.saved', failed: 'technician.not_saved' } as const;

function SaveMark({ state }: { state: SaveState }) {
    return (
        <span class={state === 'failed' ? 'save-mark bad' : 'save-mark muted'} role={state === 'failed' ? 'alert' : undefined}>
            {t(STATE_TEXTS[state])}
        </span>
    );
}

interface AutoTextProps {
    label: string;
    hint?: string | undefined;
    entity: string;
    id: string;
    field: string;
    value: string | null;
    rows?: number;
    disabled?: boolean;
    required?: boolean;
}

export function AutoText({ label, hint, entity, id, field, value, rows = 3, disabled = false, required = false }: AutoTextProps) {
    const saver = useAutosave(entity, id, field, value ?? '');
    const flush = () => void saver.flush();
    return (
        <div class="auto-text" onFocusOut={flush}>
            <Field label={label} hint={hint} required={required} error={saver.error === undefined ? undefined : errorText(saver.error)}>
                <TextArea value={saver.typed} onChange={(text) => saver.type(text)} rows={rows} disabled={disabled} />
            </Field>
            {!disabled && (saver.typed !== '' || saver.state !== 'saved') && <SaveMark state={saver.state} />}
            {saver.state === 'failed' && (
                <div>
                    <Button icon="sync" onClick={flush}>
                        {t('common.retry')}
                    </Button>
                </div>
            )}
        </div>
    );
}
