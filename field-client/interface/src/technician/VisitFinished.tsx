/* After a visit: its receipt, and the next visit under the finger: the button has the focus, Enter begins it. */
import { useEffect, useRef } from 'preact/hooks';
import { href } from '../app/router';
import { Button, ErrorNotice, LinkButton, Notice } from '../design';
import { formatInstant, t } from '../i18n';
import type { Visit } from './rows';
import { useNextOrder } from './use-orders';
import { useStart } from './use-start';

export function VisitFinished({ visit }: { visit: Visit }) {
    const next = useNextOrder(visit.work_order);
    const { action, start } = useStart();
    const box = useRef<HTMLDivElement>(null);
    useEffect(() => {
        box.current?.querySelector('button')?.focus();
    }, [next?.id]);
    return (
        <div ref={box} class="no-print">
            <Notice tone="success">
                <strong>{visit.receipt === null ? t('technician.done_unsigned') : t('technician.done', { number: visit.receipt })}</strong>
                <span class="small">{t('technician.done_text', { when: formatInstant(visit.left_at) })}</span>
                {action.error !== undefined && <ErrorNotice error={action.error} />}
                <div class="row">
                    {next !== undefined && (
                        <Button kind="primary" icon="wrench" busy={action.busy} onClick={() => void start(next.id)}>
                            {t('technician.next_visit', { number: next.number ?? '' })}
                        </Button>
                    )}
                    {visit.receipt !== null && (
                        <LinkButton icon="print" href={href('receiptShown', { id: visit.receipt })}>
                            {t('technician.show_receipt')}
                        </LinkButton>
                    )}
                    <LinkButton href={href('today')}>{t('technician.today')}</LinkButton>
                </div>
            </Notice>
        </div>
    );
}
