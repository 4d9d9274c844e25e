/* Drawings of numbers. The numbers stand beside them or behind them in a table: no drawing is the only way to them. */
import { Table } from '../../design';
import { formatCount, t } from '../../i18n';

export interface Bar {
    key: string;
    label: string;
    value: number;
}

interface ChartProps {
    title: string;
    unit: string;
    bars: readonly Bar[];
}

const HEIGHT = 150;
const WIDTH = 1000;
const LABELS_MAX = 10;

/* Columns over days, with their table to be opened. */
export function ColumnChart({ title, unit, bars }: ChartProps) {
    const top = Math.max(1, ...bars.map((bar) => bar.value));
    const step = WIDTH / Math.max(1, bars.length);
    const every = Math.ceil(bars.length / LABELS_MAX);
    return (
        <figure class="stack-tight">
            <svg class="column-chart" viewBox={`0 0 ${WIDTH} ${HEIGHT + 24}`} aria-hidden="true">
                <line class="axis" x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
                {bars.map((bar, i) => {
                    const height = (bar.value / top) * (HEIGHT - 20);
                    return (
                        <g key={bar.key}>
                            <rect class="bar" x={i * step + step * 0.15} width={step * 0.7} y={HEIGHT - height} height={height} />
                            {bar.value > 0 && bars.length <= 31 && (
                                <text x={i * step + step / 2} y={HEIGHT - height - 4}>
                                    {bar.value}
                                </text>
                            )}
                            {i % every === 0 && (
                                <text class="tick" x={i * step + step / 2} y={HEIGHT + 18}>
                                    {bar.label}
                                </text>
                            )}
                        </g>
                    );
                })}
            </svg>
            <details>
                <summary>{t('office.as_table')}</summary>
                <Table
                    caption={title}
                    rows={bars}
                    keyOf={(bar) => bar.key}
                    columns={[
                        { key: 'label', title: t('office.day'), show: (bar) => bar.key },
                        { key: 'value', title: unit, number: true, show: (bar) => formatCount(bar.value) },
                    ]}
                />
            </details>
        </figure>
    );
}

/* A table whose numbers are drawn beside them. */
export function BarTable({ title, unit, bars }: ChartProps) {
    const top = Math.max(1, ...bars.map((bar) => bar.value));
    return (
        <table class="bar-table">
            <caption class="unseen">{`${title} (${unit})`}</caption>
            <tbody>
                {bars.map((bar) => (
                    <tr key={bar.key}>
                        <th scope="row">{bar.label}</th>
                        <td class="number">{formatCount(bar.value)}</td>
                        <td class="bar-cell" aria-hidden="true">
                            <span class="bar-line" style={{ width: `${(bar.value / top) * 100}%` }} />
                        </td>
                    </tr>
                ))}
            </tbody>
        </table>
    );
}
