/* A new row; the query of the address presets fields: #/records/visit/new?work_order=0193… */
import { goTo, type PageProps } from '../app/router';
import { t } from '../i18n';
import { labelOf } from './entities';
import { RecordForm } from './RecordForm';
import type { recordsRoutes } from './routes';
import { WithEntity } from './WithEntity';

export function RecordNew({ params, query }: PageProps<(typeof recordsRoutes)['recordNew']>) {
    return (
        <WithEntity name={params.entity}>
            {(entity) => (
                <div class="stack">
                    <h1>{t('records.new_title', { entity: labelOf(entity) })}</h1>
                    <RecordForm
                        entity={entity}
                        preset={Object.fromEntries(query)}
                        onSaved={(id) => goTo('recordDetail', { entity: entity.name, id })}
                        onCancel={() => history.back()}
                    />
                </div>
            )}
        </WithEntity>
    );
}
