/* A signed receipt: to be shown, checked and printed. */
import { useState } from 'preact/hooks';
import { run, CommandError } from '../api';
import { href, type PageProps } from '../app/router';
import { Badge, Button, EmptyState, ErrorNotice, LinkButton, Notice, Show } from '../design';
import { t } from '../i18n';
import { useReceipt } from './receipt-content';
import { ReceiptView } from './ReceiptView';
import type { technicianRoutes } from './routes';

function Verify({ number }: { number: string }) {
    const [error, setError] = useState<CommandError>();
    const [good, setGood] = useState(false);
    const verify = async () => {
        setError(undefined);
        try {
            await run(['receipt', 'verify', number]);
            setGood(true);
        } catch (failure) {
            setError(failure instanceof CommandError ? failure : undefined);
        }
    };
    return (
        <>
            <Button icon="shield" onClick={() => void verify()}>
                {t('technician.verify')}
            </Button>
            {good && <Notice tone="success">{t('technician.verified')}</Notice>}
            {error !== undefined && <ErrorNotice error={error} />}
        </>
    );
}

export function ReceiptPage({ params }: PageProps<(typeof technicianRoutes)['receiptShown']>) {
    const receipt = useReceipt(params.id);
    return (
        <div class="stack">
            <div class="spread no-print">
                <h1>{t('technician.receipt')}</h1>
                <div class="row">
                    {receipt.data !== undefined && (
                        <>
                            <LinkButton icon="back" href={href('visit', { id: receipt.data.visit })}>
                                {t('technician.to_visit')}
                            </LinkButton>
                            <Verify number={receipt.data.number} />
                        </>
                    )}
                    <Button icon="print" onClick={() => window.print()}>
                        {t('common.print')}
                    </Button>
                </div>
            </div>
            <Show loaded={receipt}>
                {(data) => (
                    <>
                        {data._unsent && (
                            <div class="no-print">
                                <Badge tone="warning">{t('common.unsent')}</Badge>
                            </div>
                        )}
                        {data.snapshot === null ? (
                            <EmptyState title={t('technician.no_content')} />
                        ) : (
                            <ReceiptView content={data.snapshot} strokes={data.strokes} />
                        )}
                    </>
                )}
            </Show>
        </div>
    );
}
