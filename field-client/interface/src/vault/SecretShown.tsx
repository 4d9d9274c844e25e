/* A secret on the screen: shown once, gone by itself. What a browser showed cannot be wiped from its memory (docs/THREATS.md). */
import { useEffect, useState } from 'preact/hooks';
import { Button, Notice, toast } from '../design';
import { t } from '../i18n';
import { CLIPBOARD_SECONDS, copyForAWhile } from './clipboard';
import type { Disclosed } from './types';

const SHOWN_SECONDS = 30;

async function copy(secret: string): Promise<void> {
    const copied = await copyForAWhile(secret, (told) => toast(t(told === 'cleared' ? 'vault.clipboard_cleared' : 'vault.clipboard_wait')));
    if (copied) {
        toast(t('vault.copied_for', { n: CLIPBOARD_SECONDS }), 'success');
    } else {
        toast(t('vault.clipboard_failed'), 'danger');
    }
}

/* `onHidden`: the owner forgets it then. */
export function SecretShown({ disclosed, onHidden }: { disclosed: Disclosed; onHidden: () => void }) {
    const [left, setLeft] = useState(Math.min(disclosed.valid_seconds ?? SHOWN_SECONDS, SHOWN_SECONDS));
    useEffect(() => {
        const end = Date.now() + left * 1000;
        const clock = setInterval(() => {
            const seconds = Math.ceil((end - Date.now()) / 1000);
            setLeft(Math.max(seconds, 0));
            if (seconds <= 0) {
                onHidden();
            }
        }, 500);
        return () => clearInterval(clock);
    }, [disclosed]);
    const secret = disclosed.code ?? disclosed.value ?? disclosed.value_hex ?? '';
    return (
        <div class="stack-tight">
            {disclosed.value_hex !== undefined && <p class="muted small">{t('vault.hex')}</p>}
            <output class="secret fixed">{secret}</output>
            <div class="row">
                <Button icon="copy" onClick={() => void copy(secret)}>
                    {t('vault.copy_for', { n: CLIPBOARD_SECONDS })}
                </Button>
                <Button icon="lock" onClick={onHidden}>
                    {t('vault.hide_now')}
                </Button>
            </div>
            <p class="muted small" aria-live="off">
                {t('vault.shown_for', { n: left })}
            </p>
            {disclosed.leased && <Notice>{t('vault.leased_note')}</Notice>}
        </div>
    );
}
