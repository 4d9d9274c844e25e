/* Dates, times, amounts. Instants are shown in the zone of the computer; dates have none. */
import { language } from './language';

function locale(): string {
    return language.value === 'zh' ? 'zh-CN' : 'en-GB';
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    const key = `${locale()} ${name}`;
    let found = formatters.get(key);
    if (found === undefined) {
        found = new Intl.DateTimeFormat(locale(), options);
        formatters.set(key, found);
    }
    return found;
}

function withDate(text: string | null | undefined, show: (date: Date) => string): string {
    if (text === null || text === undefined || text === '') {
        return '';
    }
    const date = new Date(text);
    return Number.isNaN(date.getTime()) ? text : show(date);
}

/* "2026-03-01" */
export function formatDate(text: string | null | undefined): string {
    // Noon: a date without time is midnight UTC for Date, which is the day before in the west.
    return withDate(text && text.length === 10 ? `${text}T12:00:00` : text, (date) =>
        formatter('date', { year: 'numeric', month: 'short', day: 'numeric' }).format(date),
    );
}

/* "2026-12-01T02:58:58.866Z" */
export function formatInstant(text: string | null | undefined): string {
    return withDate(text, (date) =>
        formatter('instant', { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' }).format(date),
    );
}

export function formatTime(text: string | null | undefined): string {
    return withDate(text, (date) => formatter('time', { hour: '2-digit', minute: '2-digit' }).format(date));
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
    ['day', 86400],
    ['hour', 3600],
    ['minute', 60],
];

/* "5 minutes ago" */
export function formatRelative(text: string | null | undefined, now: number = Date.now()): string {
    return withDate(text, (date) => {
        const seconds = (date.getTime() - now) / 1000;
        const relative = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
        for (const [unit, size] of STEPS) {
            if (Math.abs(seconds) >= size) {
                return relative.format(Math.round(seconds / size), unit);
            }
        }
        return relative.format(0, 'second');
    });
}

/* Money is kept in cents. */
export function formatAmount(cents: number | null | undefined): string {
    if (cents === null || cents === undefined) {
        return '';
    }
    return new Intl.NumberFormat(locale(), { style: 'currency', currency: 'CNY', currencyDisplay: 'narrowSymbol' }).format(cents / 100);
}

export function formatCount(count: number): string {
    return new Intl.NumberFormat(locale()).format(count);
}

export function formatBytes(bytes: number): string {
    const units = ['B', 'KB', 'MB', 'GB'];
    let value = bytes;
    let unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
        value /= 1024;
        unit++;
    }
    return `${new Intl.NumberFormat(locale(), { maximumFractionDigits: unit === 0 ? 0 : 1 }).format(value)} ${units[unit]}`;
}
