/* Shares on the screen until they are printed, each for a page of its own and another person. */
import { useEffect, useState } from 'preact/hooks';
import type { CommandError } from '../api';
import { Button, CheckBox, ErrorNotice, Notice } from '../design';
import { formatInstant, t } from '../i18n';

interface SharePapersProps {
    what: string;
    texts: readonly string[];
    needed: number;
    failure: CommandError | undefined;
    onDone: () => void;
}

export function SharePapers({ what, texts, needed, failure, onDone }: SharePapersProps) {
    const [printed, setPrinted] = useState(false);
    const [made] = useState(() => formatInstant(new Date().toISOString()));
    // Only the papers are printed, not the page around them.
    useEffect(() => {
        document.documentElement.dataset['printing'] = 'papers';
        const warn = (event: BeforeUnloadEvent) => event.preventDefault();
        window.addEventListener('beforeunload', warn);
        return () => {
            delete document.documentElement.dataset['printing'];
            window.removeEventListener('beforeunload', warn);
        };
    }, []);
    return (
        <section class="stack" aria-label={what}>
            {failure !== undefined && (
                <div class="no-print">
                    <ErrorNotice error={failure} />
                </div>
            )}
            <div class="no-print stack-tight">
                <Notice tone="warning">
                    <strong>{t('security.print_now')}</strong>
                    <p>{t('security.print_now_text')}</p>
                </Notice>
                <div class="row">
                    <Button kind="primary" icon="print" onClick={() => print()}>
                        {t('security.print_shares', { n: texts.length })}
                    </Button>
                </div>
            </div>
            {texts.map((text, i) => (
                <article key={i} class="paper stack">
                    <h3>{t('security.paper_title', { what, i: i + 1, n: texts.length })}</h3>
                    <p>{t('security.paper_needed', { needed, n: texts.length })}</p>
                    <p class="share fixed">{text}</p>
                    <p class="muted small">{t('security.paper_made', { when: made })}</p>
                    <p>{t('security.paper_keep')}</p>
                    <p class="print-only signatures">{t('security.paper_holder')}</p>
                </article>
            ))}
            <div class="no-print stack-tight">
                <CheckBox checked={printed} onChange={setPrinted}>
                    {t('security.printed')}
                </CheckBox>
                <div class="row">
                    <Button disabled={!printed} onClick={onDone}>
                        {t('security.forget_shares')}
                    </Button>
                </div>
            </div>
        </section>
    );
}
