/* Everything that can be recorded. */
import { useState } from 'preact/hooks';
import { href } from '../app/router';
import { Show, TextInput } from '../design';
import { t } from '../i18n';
import { labelOf, useEntities } from './entities';

export function RecordsIndex() {
    const entities = useEntities();
    const [wanted, setWanted] = useState('');
    return (
        <div class="stack">
            <h1>{t('records.section')}</h1>
            <TextInput type="search" label={t('common.search')} placeholder={t('common.search')} value={wanted} onChange={setWanted} />
            <Show loaded={entities}>
                {(data) => (
                    <ul class="record-index">
                        {data.entities
                            .filter((entity) => `${entity.name} ${entity.label_zh} ${entity.label_en}`.toLowerCase().includes(wanted.toLowerCase()))
                            .map((entity) => (
                                <li key={entity.name}>
                                    <a class="menu-link card" href={href('recordList', { entity: entity.name })}>
                                        {labelOf(entity)}
                                    </a>
                                </li>
                            ))}
                    </ul>
                )}
            </Show>
        </div>
    );
}
