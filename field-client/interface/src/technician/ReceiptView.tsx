/* A service receipt as the customer reads it: before it is signed, and afterwards with number and signature. In Chinese and English at once. */
import type { ComponentChildren } from 'preact';
import { formatAmount, formatInstant } from '../i18n';
import { useEntity } from '../records/entities';
import type { Content, ReceiptPart } from './receipt-content';
import { drawingOf } from './strokes';

/* Both languages on paper, whatever the screen speaks. */
function Line({ zh, en, children }: { zh: string; en: string; children: ComponentChildren }) {
    return (
        <>
            <dt>
                {zh} <span class="small">{en}</span>
            </dt>
            <dd class="pre">{children || '—'}</dd>
        </>
    );
}

function useResultText(result: string | null): string {
    const choice = useEntity('visit')
        ?.fields.find((field) => field.name === 'result')
        ?.choices.find((each) => each.name === result);
    return choice === undefined ? (result ?? '') : `${choice.label_zh} ${choice.name.replace(/_/g, ' ')}`;
}

function signedQuantity(part: ReceiptPart): number {
    return part.reason === 'returned' ? -part.quantity : part.quantity;
}

function Parts({ parts }: { parts: readonly ReceiptPart[] }) {
    const total = parts.reduce((sum, part) => sum + (part.price_cents ?? 0) * signedQuantity(part), 0);
    return (
        <table class="receipt-parts">
            <thead>
                <tr>
                    <th scope="col">备件 Part</th>
                    <th scope="col">序列号 Serial</th>
                    <th scope="col" class="number">
                        数量 Quantity
                    </th>
                    <th scope="col" class="number">
                        单价 Price
                    </th>
                </tr>
            </thead>
            <tbody>
                {parts.map((part) => (
                    <tr key={part.id}>
                        <td>
                            {part.name} <span class="small muted">{[part.code, part.spec].filter(Boolean).join(' ')}</span>
                        </td>
                        <td>{part.serial}</td>
                        <td class="number">
                            {signedQuantity(part)} {part.unit}
                        </td>
                        <td class="number">{formatAmount(part.price_cents)}</td>
                    </tr>
                ))}
            </tbody>
            <tfoot>
                <tr>
                    <th scope="row" colSpan={3}>
                        合计 Total
                    </th>
                    <td class="number">{formatAmount(total)}</td>
                </tr>
            </tfoot>
        </table>
    );
}

function Signature({ strokes }: { strokes: unknown }) {
    const { lines, box } = drawingOf(strokes);
    return (
        <svg class="receipt-signature" viewBox={box} role="img" aria-label="客户签字 Signature">
            {lines.map((points, i) => (
                <polyline key={i} points={points} />
            ))}
        </svg>
    );
}

export function ReceiptView({ content, strokes }: { content: Content; strokes?: unknown }) {
    const result = useResultText(content.result);
    const { customer, site, system } = content;
    return (
        <article class="receipt card">
            <header class="spread">
                <h2>
                    服务回执单 <span class="small">Service receipt</span>
                </h2>
                <strong class="fixed">{content.number ?? '—'}</strong>
            </header>
            <dl class="definitions">
                <Line zh="派工单" en="Work order">
                    {content.work_order.number}
                </Line>
                <Line zh="客户" en="Customer">
                    {[customer.name, customer.address, customer.phone].filter(Boolean).join(' · ')}
                </Line>
                <Line zh="现场" en="Site">
                    {[site.name, site.address, site.contact, site.phone].filter(Boolean).join(' · ')}
                </Line>
                <Line zh="系统" en="System">
                    {system.name}
                </Line>
                <Line zh="申报故障" en="Reported fault">
                    {content.reported_fault}
                </Line>
                <Line zh="到达" en="Arrived">
                    {formatInstant(content.arrived_at)}
                </Line>
                <Line zh="实际故障" en="Actual fault">
                    {content.actual_fault}
                </Line>
                <Line zh="处理情况" en="Work done">
                    {content.work_done}
                </Line>
                <Line zh="结果" en="Result">
                    {result}
                </Line>
            </dl>
            {content.parts.length > 0 && <Parts parts={content.parts} />}
            <dl class="definitions">
                <Line zh="技术员" en="Technician">
                    {content.technician.name}
                </Line>
                {content.signed_at !== null && (
                    <Line zh="客户签字" en="Signed by">
                        {content.signer} · {formatInstant(content.signed_at)}
                        <Signature strokes={strokes} />
                    </Line>
                )}
            </dl>
        </article>
    );
}
