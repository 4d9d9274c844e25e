/* Small parts without a state of their own. */
import type { ComponentChildren } from 'preact';

export type Tone = 'plain' | 'accent' | 'danger' | 'warning' | 'success';

export function Badge({ tone = 'plain', children }: { tone?: Tone; children: ComponentChildren }) {
    return <span class={tone === 'plain' ? 'badge' : `badge badge-${tone}`}>{children}</span>;
}

/* Names and values; what is null, undefined or empty is left out. */
export function DefinitionList({ items }: { items: readonly (readonly [name: string, value: ComponentChildren])[] }) {
    return (
        <dl class="definitions">
            {items
                .filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== false)
                .map(([name, value]) => (
                    <>
                        <dt>{name}</dt>
                        <dd>{value}</dd>
                    </>
                ))}
        </dl>
    );
}

export interface Column<Row> {
    key: string;
    title: string;
    number?: boolean;
    show: (row: Row) => ComponentChildren;
}

/* A table of what fits on a screen or two; more is for VirtualList. */
export function Table<Row>({ caption, columns, rows, keyOf }: {
    caption: string;
    columns: readonly Column<Row>[];
    rows: readonly Row[];
    keyOf: (row: Row) => string | number;
}) {
    return (
        <div class="table-frame">
            <table class="table">
                <caption class="unseen">{caption}</caption>
                <thead>
                    <tr>
                        {columns.map((column) => (
                            <th key={column.key} scope="col" class={column.number === true ? 'number' : undefined}>
                                {column.title}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {rows.map((row) => (
                        <tr key={keyOf(row)}>
                            {columns.map((column) => (
                                <td key={column.key} class={column.number === true ? 'number' : undefined}>
                                    {column.show(row)}
                                </td>
                            ))}
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}
