/* One row: its values, what refers to it, and its history. */
import { useState } from 'preact/hooks';
import { useAction, useCommand } from '../api';
import { goTo, href, type PageProps } from '../app/router';
import { useRoles } from '../app/status';
import { Badge, Button, ConfirmDialog, DefinitionList, LinkButton, Show, Tabs, toast } from '../design';
import { t } from '../i18n';
import { FieldValue } from './FieldValue';
import { labelOf, mayDelete, rowLabel, writableFields, type Entity, type Row } from './entities';
import { RecordHistory } from './RecordHistory';
import { Related } from './Related';
import type { recordsRoutes } from './routes';
import { WithEntity } from './WithEntity';

export function RecordValues({ entity, row }: { entity: Entity; row: Row }) {
    return (
        <DefinitionList
            items={entity.fields
                .filter((field) => row[field.name] !== null && row[field.name] !== undefined && row[field.name] !== '')
                .map((field) => [labelOf(field), <FieldValue field={field} row={row} linked />] as const)}
        />
    );
}

function DeleteButton({ entity, row }: { entity: Entity; row: Row }) {
    const [asking, setAsking] = useState(false);
    const action = useAction();
    const remove = async () => {
        if ((await action.run(['delete', entity.name, row.id])) !== undefined) {
            toast(t('common.deleted'), 'success');
            goTo('recordList', { entity: entity.name });
        }
    };
    return (
        <>
            <Button icon="trash" onClick={() => setAsking(true)}>
                {t('common.delete')}
            </Button>
            {asking && (
                <ConfirmDialog
                    title={t('records.delete_title', { row: rowLabel(entity, row) })}
                    text={t('records.delete_text')}
                    confirm={t('common.delete')}
                    danger
                    error={action.error}
                    onConfirm={remove}
                    onClose={() => setAsking(false)}
                />
            )}
        </>
    );
}

function Detail({ entity, row }: { entity: Entity; row: Row }) {
    const roles = useRoles();
    const [tab, setTab] = useState<'values' | 'related' | 'history'>('values');
    return (
        <div class="stack">
            <div class="spread">
                <div>
                    <a href={href('recordList', { entity: entity.name })}>{labelOf(entity)}</a>
                    <h1 class="row">
                        {rowLabel(entity, row)}
                        {row._unsent === true && <Badge tone="warning">{t('common.unsent')}</Badge>}
                    </h1>
                </div>
                <div class="row no-print">
                    {mayDelete(entity, roles) && (
                        <>
                            <LinkButton href={href('recordMerge', { entity: entity.name, id: row.id })}>{t('records.merge_link')}</LinkButton>
                            <DeleteButton entity={entity} row={row} />
                        </>
                    )}
                    {writableFields(entity, roles, row).length > 0 && entity.kind !== 'evidence' && (
                        <LinkButton kind="primary" icon="edit" data-shortcut="edit" href={href('recordEdit', { entity: entity.name, id: row.id })}>
                            {t('common.edit')}
                        </LinkButton>
                    )}
                </div>
            </div>
            <Tabs
                label={rowLabel(entity, row)}
                current={tab}
                onChange={setTab}
                tabs={[
                    { key: 'values', title: t('common.details') },
                    { key: 'related', title: t('records.related') },
                    { key: 'history', title: t('records.history') },
                ]}
            >
                {tab === 'values' && (
                    <div class="card">
                        <RecordValues entity={entity} row={row} />
                    </div>
                )}
                {tab === 'related' && <Related entity={entity} row={row} />}
                {tab === 'history' && <RecordHistory entity={entity} id={row.id} />}
            </Tabs>
        </div>
    );
}

export function RecordDetail({ params }: PageProps<(typeof recordsRoutes)['recordDetail']>) {
    const row = useCommand<Row>(['get', params.entity, params.id]);
    return <WithEntity name={params.entity}>{(entity) => <Show loaded={row}>{(data) => <Detail entity={entity} row={data} />}</Show>}</WithEntity>;
}
