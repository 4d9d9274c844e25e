/* A list of any length: only the rows in sight are drawn, and they are read in pages of --offset and --limit.
 *
 * Rows have one height. Each row has one link (its first cell); arrows go from link to link.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { option, useCommand, type Loaded } from '../api';
import { EmptyState, ErrorNotice, Loading } from './states';
import { t } from '../i18n';

const PAGE = 100;
const OVERSCAN = 8;
const ROW_HEIGHT = 48;

export interface ListAnswer<Row> {
    rows: Row[];
    more: boolean;
    total?: number;
}

export interface ListColumn<Row> {
    key: string;
    title: ComponentChildren;
    width: string; // of grid-template-columns
    number?: boolean;
    sorted?: 'ascending' | 'descending' | undefined;
    show: (row: Row) => ComponentChildren;
}

interface VirtualListProps<Row> {
    label: string;
    words: readonly string[]; // a command that takes --offset, --limit and --total
    columns: readonly ListColumn<Row>[];
    hrefOf: (row: Row) => string;
    keyOf: (row: Row) => string;
    empty?: ComponentChildren;
    onTotal?: (total: number) => void;
}

export function pageWords(words: readonly string[], page: number): string[] {
    return [...words, option('offset', page * PAGE), option('limit', PAGE), ...(page === 0 ? ['--total'] : [])];
}

/* The rows that are to be drawn of `total`, where `top` pixels are above and `height` in sight. */
export function rowsInSight(top: number, height: number, total: number): { first: number; last: number } {
    const first = Math.max(0, Math.floor(top / ROW_HEIGHT) - OVERSCAN);
    const last = Math.min(total - 1, Math.ceil((top + height) / ROW_HEIGHT) + OVERSCAN);
    return { first, last };
}

const GAP = 12;

/* The least width of the columns, from the pixels that their widths begin with: narrower windows scroll. */
export function leastWidth(columns: readonly { width: string }[]): number {
    return columns.reduce((sum, column) => sum + Number(/(\d+)px/.exec(column.width)?.[1] ?? 0) + GAP, GAP);
}

function RowView<Row>({ row, index, props, template }: { row: Row | undefined; index: number; props: VirtualListProps<Row>; template: string }) {
    return (
        <div
            role="row"
            aria-rowindex={index + 2}
            data-index={index}
            class="virtual-row"
            style={{ top: `${index * ROW_HEIGHT}px`, height: `${ROW_HEIGHT}px`, gridTemplateColumns: template }}
        >
            {props.columns.map((column, i) => (
                <div key={column.key} role="cell" class={column.number === true ? 'clip number' : 'clip'}>
                    {row === undefined ? (
                        i === 0 && '…'
                    ) : i === 0 ? (
                        <a class="virtual-link" href={props.hrefOf(row)}>
                            {column.show(row)}
                        </a>
                    ) : (
                        column.show(row)
                    )}
                </div>
            ))}
        </div>
    );
}

interface PageRowsProps<Row> {
    page: number;
    first: number;
    last: number;
    props: VirtualListProps<Row>;
    template: string;
}

/* What is in sight of one page. */
function PageRows<Row>({ page, first, last, props, template }: PageRowsProps<Row>) {
    const { data } = useCommand<ListAnswer<Row>>(pageWords(props.words, page));
    const views = [];
    for (let index = Math.max(first, page * PAGE); index <= Math.min(last, page * PAGE + PAGE - 1); index++) {
        const row = data?.rows[index - page * PAGE];
        views.push(<RowView key={row === undefined ? index : props.keyOf(row)} row={row} index={index} props={props} template={template} />);
    }
    return <>{views}</>;
}

function moveFocus(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const at = (event.target as HTMLElement).closest<HTMLElement>('[data-index]')?.dataset['index'];
    if (step === 0 || at === undefined) {
        return;
    }
    event.preventDefault();
    event.currentTarget.querySelector<HTMLElement>(`[data-index="${Number(at) + step}"] a`)?.focus();
}

function useSight() {
    const element = useRef<HTMLDivElement>(null);
    const [sight, setSight] = useState({ top: 0, height: 600 });
    useEffect(() => {
        const box = element.current;
        if (box === null) {
            return undefined;
        }
        const look = () => setSight({ top: box.scrollTop, height: box.clientHeight });
        const observer = new ResizeObserver(look);
        observer.observe(box);
        box.addEventListener('scroll', look, { passive: true });
        return () => {
            observer.disconnect();
            box.removeEventListener('scroll', look);
        };
    }, []);
    return { element, sight };
}

function Rows<Row>({ props, total, first: head }: { props: VirtualListProps<Row>; total: number; first: Loaded<ListAnswer<Row>> }) {
    const { element, sight } = useSight();
    const template = props.columns.map((column) => column.width).join(' ');
    const { first, last } = rowsInSight(sight.top, sight.height, total);
    const minWidth = `${leastWidth(props.columns)}px`;
    const pages = [];
    for (let page = Math.floor(first / PAGE); page <= Math.floor(Math.max(last, 0) / PAGE); page++) {
        pages.push(page);
    }
    return (
        <div ref={element} class="virtual" role="table" aria-label={props.label} aria-rowcount={total + 1} aria-busy={head.loading} onKeyDown={moveFocus}>
            <div role="row" aria-rowindex={1} class="virtual-head" style={{ gridTemplateColumns: template, minWidth }}>
                {props.columns.map((column) => (
                    <div key={column.key} role="columnheader" aria-sort={column.sorted} class={column.number === true ? 'clip number' : 'clip'}>
                        {column.title}
                    </div>
                ))}
            </div>
            <div role="rowgroup" style={{ position: 'relative', height: `${total * ROW_HEIGHT}px`, minWidth }}>
                {pages.map((page) => (
                    <PageRows key={page} page={page} first={first} last={last} props={props} template={template} />
                ))}
            </div>
        </div>
    );
}

export function VirtualList<Row>(props: VirtualListProps<Row>) {
    const first = useCommand<ListAnswer<Row>>(pageWords(props.words, 0));
    const total = first.data?.total ?? first.data?.rows.length ?? 0;
    const known = first.data !== undefined;
    useEffect(() => {
        if (known) {
            props.onTotal?.(total);
        }
    }, [known, total]);
    if (first.data === undefined) {
        return first.error === undefined ? <Loading /> : <ErrorNotice error={first.error} again={first.again} />;
    }
    if (total === 0) {
        return <>{props.empty ?? <EmptyState title={t('common.nothing_found')} />}</>;
    }
    return <Rows props={props} total={total} first={first} />;
}
