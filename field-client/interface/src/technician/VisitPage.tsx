/* A visit from the door to the signature, on one page. Every entry saves itself. */
import type { ComponentChildren } from 'preact';
import { useCommand } from '../api';
import { href, type PageProps } from '../app/router';
import { Badge, LinkButton, Notice, Show } from '../design';
import { t } from '../i18n';
import { AutoText } from './AutoText';
import { PlaceLines } from './OrderCard';
import { ResultChoice } from './ResultChoice';
import type { technicianRoutes } from './routes';
import { usePlace, useRow, type Visit, type WorkOrder } from './rows';
import { VisitFinished } from './VisitFinished';
import { VisitNotes } from './VisitNotes';
import { VisitParts } from './VisitParts';
import { VisitPhotos } from './VisitPhotos';
import { FinishButton, VisitSign } from './VisitSign';
import { VisitTimes } from './VisitTimes';

function Part({ title, children }: { title: string; children: ComponentChildren }) {
    return (
        <section class="card stack">
            <h2>{title}</h2>
            {children}
        </section>
    );
}

function Head({ visit }: { visit: Visit }) {
    const order = useRow<WorkOrder>('work_order', visit.work_order).data;
    const place = usePlace(order?.request);
    return (
        <section class="card visit-head stack-tight">
            <div class="spread">
                <h1>{place.customer?.name ?? order?.number ?? t('technician.visit')}</h1>
                <Badge tone="accent">{order?.number}</Badge>
            </div>
            <PlaceLines place={place} />
            {order?.instruction && <p class="pre small muted">{order.instruction}</p>}
        </section>
    );
}

function Work({ visit, signed }: { visit: Visit; signed: boolean }) {
    const order = useRow<WorkOrder>('work_order', visit.work_order).data;
    const { request } = usePlace(order?.request);
    return (
        <Part title={t('technician.work')}>
            <div class="faults">
                <div class="field">
                    <span class="field-label">{t('technician.reported_fault')}</span>
                    <p class="reported pre">{request?.reported_fault ?? '—'}</p>
                </div>
                <AutoText
                    label={t('technician.actual_fault')}
                    entity="visit"
                    id={visit.id}
                    field="actual_fault"
                    value={visit.actual_fault}
                    disabled={signed}
                />
            </div>
            <AutoText label={t('technician.work_done')} required entity="visit" id={visit.id} field="work_done" value={visit.work_done} disabled={signed} />
            <ResultChoice visit={visit} disabled={signed} />
        </Part>
    );
}

function VisitBody({ visit }: { visit: Visit }) {
    const signed = visit.receipt !== null;
    const finished = visit.left_at !== null;
    return (
        <div class="stack visit">
            <div class="spread">
                <LinkButton icon="back" href={href('today')}>
                    {t('technician.today')}
                </LinkButton>
            </div>
            <Head visit={visit} />
            {finished && <VisitFinished visit={visit} />}
            <Part title={t('technician.times')}>
                <VisitTimes visit={visit} />
            </Part>
            {signed && <Notice>{t('technician.signed_fixed')}</Notice>}
            <Work visit={visit} signed={signed} />
            <Part title={t('technician.parts')}>
                <VisitParts visit={visit} disabled={signed} />
            </Part>
            <Part title={t('technician.photos')}>
                <VisitPhotos visit={visit.id} />
            </Part>
            <Part title={t('technician.notes')}>
                <VisitNotes visit={visit} />
            </Part>
            {!signed && !finished && (
                <Part title={t('technician.signature')}>
                    <VisitSign visit={visit} />
                </Part>
            )}
            {signed && !finished && (
                <Part title={t('technician.signed_as', { number: visit.receipt ?? '' })}>
                    <FinishButton visit={visit} />
                </Part>
            )}
        </div>
    );
}

export function VisitPage({ params }: PageProps<(typeof technicianRoutes)['visit']>) {
    const visit = useCommand<Visit>(['visit', 'show', params.id]);
    return <Show loaded={visit}>{(data) => <VisitBody key={data.id} visit={data} />}</Show>;
}
