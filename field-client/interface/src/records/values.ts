/* Values of fields as a form has them (text) and as commands take them. Pure: tests/values.test.ts. */
import type { Entity, EntityField, Row } from './entities';

/* "12.5" → "1250". What is no amount is left as it is: the command says what is wrong with it. */
export function centsOfText(text: string): string {
    const match = /^\s*(-?)(\d*)(?:[.．](\d{1,2}))?\s*$/.exec(text.replace(/[,，¥￥]/g, ''));
    if (match === null || ((match[2] ?? '') === '' && match[3] === undefined)) {
        return text.trim();
    }
    const cents = `${match[2] ?? ''}${(match[3] ?? '').padEnd(2, '0')}`.replace(/^0+(?=\d)/, '');
    return `${match[1] ?? ''}${cents}`;
}

export function textOfCents(cents: number): string {
    const sign = cents < 0 ? '-' : '';
    const digits = String(Math.abs(cents)).padStart(3, '0');
    return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/* What a form shows of a row's field. */
export function textOfValue(field: EntityField, value: unknown): string {
    if (value === null || value === undefined) {
        return '';
    }
    if (field.type === 'cents' && typeof value === 'number') {
        return textOfCents(value);
    }
    return String(value);
}

/* What the command takes. */
export function wordOfText(field: EntityField, text: string): string {
    return field.type === 'cents' ? centsOfText(text) : field.type === 'text' ? text : text.trim();
}

/* The words field=value of what the form has and `row` has not. */
export function changedWords(fields: readonly EntityField[], values: Record<string, string>, row?: Row): string[] {
    return fields.flatMap((field) => {
        const text = values[field.name];
        const before = textOfValue(field, row?.[field.name]);
        return text === undefined || text === before || wordOfText(field, text) === wordOfText(field, before)
            ? []
            : [`${field.name}=${wordOfText(field, text)}`];
    });
}

/* The field that the text of a failure is about: "part.price_cents: …", "part.code is required". */
export function fieldOfError(entity: Entity, status: string, text: string): string | null {
    const match = /^(\w+)\.(\w+)\b/.exec(text);
    if (match?.[1] === entity.name && entity.fields.some((field) => field.name === match[2])) {
        return match[2] ?? null;
    }
    return status === 'EXISTS' ? entity.natural_key : null;
}
