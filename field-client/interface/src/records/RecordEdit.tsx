/* The form of a row that is there. */
import { useCommand } from '../api';
import { goTo, type PageProps } from '../app/router';
import { Show } from '../design';
import { t } from '../i18n';
import { rowLabel, type Row } from './entities';
import { RecordForm } from './RecordForm';
import type { recordsRoutes } from './routes';
import { WithEntity } from './WithEntity';

export function RecordEdit({ params }: PageProps<(typeof recordsRoutes)['recordEdit']>) {
    const row = useCommand<Row>(['get', params.entity, params.id]);
    return (
        <WithEntity name={params.entity}>
            {(entity) => (
                <Show loaded={row}>
                    {(data) => (
                        <div class="stack">
                            <h1>{t('records.edit_title', { row: rowLabel(entity, data) })}</h1>
                            <RecordForm
                                entity={entity}
                                row={data}
                                onSaved={(id) => goTo('recordDetail', { entity: entity.name, id })}
                                onCancel={() => history.back()}
                            />
                        </div>
                    )}
                </Show>
            )}
        </WithEntity>
    );
}
