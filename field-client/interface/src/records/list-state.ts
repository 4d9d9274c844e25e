/* What a list shows, as the query of its address: filters, words, order. Pure: tests/list-state.test.ts. */
import { option } from '../api/words';
import type { Entity } from './entities';
import { wordOfText } from './values';

export interface ListState {
    search: string;
    sort: string; // a field, or '' for the order in which rows were made
    descending: boolean;
    equal: Record<string, string>; // field → value; a reference by its id
    from: Record<string, string>;
    to: Record<string, string>;
}

function withPrefix(query: URLSearchParams, prefix: string): Record<string, string> {
    const found: Record<string, string> = {};
    for (const [key, value] of query) {
        if (key.startsWith(prefix)) {
            found[key.slice(prefix.length)] = value;
        }
    }
    return found;
}

export function stateOfQuery(query: URLSearchParams): ListState {
    return {
        search: query.get('q') ?? '',
        sort: query.get('sort') ?? '',
        descending: query.get('order') === 'down',
        equal: withPrefix(query, 'is.'),
        from: withPrefix(query, 'from.'),
        to: withPrefix(query, 'to.'),
    };
}

export function queryOfState(state: ListState): Record<string, string> {
    const query: Record<string, string> = {};
    for (const [prefix, values] of [
        ['is.', state.equal],
        ['from.', state.from],
        ['to.', state.to],
    ] as const) {
        for (const [field, value] of Object.entries(values)) {
            query[prefix + field] = value;
        }
    }
    return { ...query, q: state.search, sort: state.sort, order: state.sort !== '' && state.descending ? 'down' : '' };
}

/* The command that reads it. A filter that has no value yet selects nothing out; an amount is typed as in a form. */
export function wordsOfState(entity: Entity, state: ListState): string[] {
    const words = ['list', entity.name];
    for (const [sign, values] of [
        ['=', state.equal],
        ['>=', state.from],
        ['<=', state.to],
    ] as const) {
        for (const [name, value] of Object.entries(values)) {
            const field = entity.fields.find((each) => each.name === name);
            if (value !== '') {
                words.push(`${name}${sign}${field === undefined ? value : wordOfText(field, value)}`);
            }
        }
    }
    if (state.search.trim() !== '') {
        words.push(option('search', state.search.trim()));
    }
    if (state.sort !== '') {
        words.push(option('sort', state.sort), ...(state.descending ? ['--descending'] : []));
    }
    return words;
}
