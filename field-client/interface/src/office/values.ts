/* Values of a field as people read them. */
import { formatAmount, formatDate, formatInstant, t } from '../i18n';
import { fieldOf, labelOf, type Entity, type EntityField } from '../records/entities';

export function showValue(field: EntityField | undefined, value: unknown): string {
    if (value === null || value === undefined || value === '') {
        return '—';
    }
    if (typeof value === 'boolean') {
        return value ? t('common.yes') : t('common.no');
    }
    const text = String(value);
    switch (field?.type) {
        case 'choice': {
            const choice = field.choices.find((each) => each.name === text);
            return choice === undefined ? text : labelOf(choice);
        }
        case 'cents':
            return typeof value === 'number' ? formatAmount(value) : text;
        case 'date':
            return formatDate(text);
        case 'instant':
            return formatInstant(text);
        default:
            return text;
    }
}

export function fieldLabel(entity: Entity | undefined, name: string): string {
    if (name === '_deleted') {
        return t('office.existence');
    }
    const field = entity === undefined ? undefined : fieldOf(entity, name);
    return field === undefined ? name : labelOf(field);
}
