/* Lists of the rows that refer to this one. */
import { href } from '../app/router';
import { labelOf, useEntities, type Entity, type Row } from './entities';

export function Related({ entity, row }: { entity: Entity; row: Row }) {
    const entities = useEntities().data?.entities ?? [];
    const links = entities.flatMap((other) =>
        other.fields.filter((field) => field.references === entity.name).map((field) => ({ other, field })),
    );
    return (
        <ul class="record-index">
            {links.map(({ other, field }) => (
                <li key={`${other.name} ${field.name}`}>
                    <a class="menu-link card" href={href('recordList', { entity: other.name }, { [`is.${field.name}`]: row.id })}>
                        <span>
                            {labelOf(other)}
                            <span class="muted small"> {labelOf(field)}</span>
                        </span>
                    </a>
                </li>
            ))}
        </ul>
    );
}
