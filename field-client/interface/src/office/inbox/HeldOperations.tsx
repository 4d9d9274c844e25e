/* What was done in held work, in the words of the person. */
import { t } from '../../i18n';
import { fieldOf, labelOf, useEntities } from '../../records';
import { fieldLabel, showValue } from '../values';
import { operationsOf, type Operation } from './operations';

const FIELDS_MAX = 12;

function titleOf(operation: Operation, entity: string): string {
    switch (operation.kind) {
        case 'insert':
            return t('office.op_insert', { entity });
        case 'delete':
            return t('office.op_delete', { entity });
        default:
            return t('office.op_update', { entity });
    }
}

export function HeldOperations({ text, summary }: { text: string | null; summary: string | null }) {
    const entities = useEntities().data?.entities ?? [];
    const operations = operationsOf(text);
    if (operations === null || operations.length === 0) {
        return <strong>{summary}</strong>;
    }
    return (
        <span class="stack-tight">
            {operations.map((operation) => {
                const entity = entities.find((each) => each.name === operation.entity);
                return (
                    <span key={operation.id}>
                        <strong>{titleOf(operation, entity === undefined ? operation.entity : labelOf(entity))}</strong>{' '}
                        {Object.entries(operation.fields)
                            .slice(0, FIELDS_MAX)
                            .map(([name, value]) => `${fieldLabel(entity, name)}: ${showValue(entity === undefined ? undefined : fieldOf(entity, name), value)}`)
                            .join(' · ')}
                    </span>
                );
            })}
        </span>
    );
}
