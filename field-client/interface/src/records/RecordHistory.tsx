/* What a row was, change by change, and the way back. Answered by the server's log where it is reached. */
import { useState } from 'preact/hooks';
import { option, useAction, useCommand } from '../api';
import { Badge, Button, ConfirmDialog, EmptyState, Notice, Show, toast } from '../design';
import { formatInstant, t } from '../i18n';
import { FieldValue } from './FieldValue';
import { fieldOf, labelOf, type Entity, type Row } from './entities';

interface Change {
    change: number;
    kind: 'made' | 'changed' | 'deleted' | 'revived' | 'weighed' | 'shown' | 'kept';
    from: string;
    until: string | null;
    author: string | null;
    device: string | null;
    fields: Record<string, { before: unknown; after: unknown }>;
    waiting: { field: string; value: unknown; author: string }[];
}

interface History {
    kept_since: string | null;
    changes: Change[];
}

function kindText(kind: Change['kind']): string {
    return t(`records.kind_${kind}`);
}

function Values({ entity, change }: { entity: Entity; change: Change }) {
    const asRow = (which: 'before' | 'after'): Row => ({
        id: '',
        ...Object.fromEntries(Object.entries(change.fields).map(([name, pair]) => [name, pair[which]])),
    });
    return (
        <ul class="change-values">
            {Object.keys(change.fields).map((name) => {
                const field = fieldOf(entity, name);
                return field === undefined ? null : (
                    <li key={name}>
                        <span class="muted">{labelOf(field)}: </span>
                        {change.kind === 'changed' && (
                            <>
                                <del>{<FieldValue field={field} row={asRow('before')} />}</del>
                                <span aria-label={t('records.became')}> → </span>
                            </>
                        )}
                        <ins>{<FieldValue field={field} row={asRow('after')} />}</ins>
                    </li>
                );
            })}
        </ul>
    );
}

function RevertButton({ entity, id, change }: { entity: Entity; id: string; change: Change }) {
    const [asking, setAsking] = useState(false);
    const action = useAction();
    const revert = async () => {
        if ((await action.run(['revert', entity.name, id, option('to', change.change)])) !== undefined) {
            setAsking(false);
            toast(t('records.reverted'), 'success');
        }
    };
    return (
        <>
            <Button icon="history" onClick={() => setAsking(true)}>
                {t('records.revert')}
            </Button>
            {asking && (
                <ConfirmDialog
                    title={t('records.revert_title', { when: formatInstant(change.from) })}
                    text={t('records.revert_text')}
                    confirm={t('records.revert')}
                    error={action.error}
                    onConfirm={revert}
                    onClose={() => setAsking(false)}
                />
            )}
        </>
    );
}

export function RecordHistory({ entity, id }: { entity: Entity; id: string }) {
    const history = useCommand<History>(['history', entity.name, id], { still: true });
    return (
        <Show loaded={history}>
            {(data) => (
                <div class="stack">
                    {data.kept_since !== null && <Notice>{t('records.kept_since', { when: formatInstant(data.kept_since) })}</Notice>}
                    {data.changes.length === 0 && <EmptyState icon="history" title={t('records.no_history')} />}
                    {[...data.changes].reverse().map((change, i) => (
                        <div key={`${change.change} ${change.from}`} class="card stack-tight">
                            <div class="spread">
                                <div class="row">
                                    <Badge tone={change.kind === 'deleted' ? 'danger' : 'accent'}>{kindText(change.kind)}</Badge>
                                    <strong>{formatInstant(change.from)}</strong>
                                    <span class="muted">{[change.author, change.device].filter((part) => part !== null).join(' · ')}</span>
                                </div>
                                {i > 0 && entity.kind === 'ordinary' && change.kind !== 'deleted' && <RevertButton entity={entity} id={id} change={change} />}
                            </div>
                            <Values entity={entity} change={change} />
                        </div>
                    ))}
                </div>
            )}
        </Show>
    );
}
