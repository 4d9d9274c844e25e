/* The description of an entity, or why there is none. */
import type { ComponentChildren } from 'preact';
import { EmptyState, Show } from '../design';
import { t } from '../i18n';
import { useEntities, type Entity } from './entities';

export function WithEntity({ name, children }: { name: string; children: (entity: Entity) => ComponentChildren }) {
    const entities = useEntities();
    return (
        <Show loaded={entities}>
            {(data) => {
                const entity = data.entities.find((each) => each.name === name);
                return entity === undefined ? <EmptyState title={t('records.no_entity', { name })} /> : children(entity);
            }}
        </Show>
    );
}
