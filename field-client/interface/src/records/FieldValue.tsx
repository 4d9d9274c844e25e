/* A value as people read it. */
import { href } from '../app/router';
import { Badge } from '../design';
import { formatAmount, formatBytes, formatCount, formatDate, formatInstant, t } from '../i18n';
import { labelOf, type EntityField, type Row } from './entities';

export function choiceLabel(field: EntityField, name: string): string {
    const choice = field.choices.find((each) => each.name === name);
    return choice === undefined ? name : labelOf(choice);
}

/* `linked`: references lead to their rows. */
export function FieldValue({ field, row, linked = false }: { field: EntityField; row: Row; linked?: boolean }) {
    const value = row[field.name];
    if (value === null || value === undefined || value === '') {
        return null;
    }
    switch (field.type) {
        case 'cents':
            return <>{formatAmount(value as number)}</>;
        case 'integer':
            return <>{formatCount(value as number)}</>;
        case 'boolean':
            return <>{value === true || value === 1 ? t('common.yes') : t('common.no')}</>;
        case 'date':
            return <time dateTime={String(value)}>{formatDate(String(value))}</time>;
        case 'instant':
            return <time dateTime={String(value)}>{formatInstant(String(value))}</time>;
        case 'choice':
            return <Badge tone="accent">{choiceLabel(field, String(value))}</Badge>;
        case 'reference': {
            const text = row.labels?.[field.name] || String(value).slice(0, 13);
            return linked && field.references !== null ? (
                <a href={href('recordDetail', { entity: field.references, id: String(value) })}>{text}</a>
            ) : (
                <>{text}</>
            );
        }
        case 'bytes':
            return String(value).length > 128 ? <>{formatBytes(String(value).length / 2)}</> : <span class="fixed">{String(value)}</span>;
        default:
            return <span class={linked ? 'pre' : undefined}>{String(value)}</span>;
    }
}
