/* What a receipt shows: of a signed one its snapshot (field-client/visit/snapshot.h), of one that is not signed yet the same from the rows. */
import { useCommand } from '../api';
import { useStatus } from '../app/status';
import { usePlace, useRow, type Movement, type Part, type Visit, type WorkOrder } from './rows';
import { useEffect, useState } from 'preact/hooks';
import { run } from '../api';

export interface ReceiptPart {
    id: string;
    code: string | null;
    name: string | null;
    spec: string | null;
    unit: string | null;
    quantity: number;
    serial: string | null;
    reason: string | null;
    price_cents: number | null;
}

export interface Content {
    number: string | null;
    work_order: { number: string | null };
    customer: { name: string | null; address: string | null; phone: string | null };
    site: { name: string | null; address: string | null; contact: string | null; phone: string | null };
    system: { name: string | null };
    technician: { name: string | null };
    reported_fault: string | null;
    arrived_at: string | null;
    left_at: string | null;
    actual_fault: string | null;
    work_done: string | null;
    result: string | null;
    parts: ReceiptPart[];
    signer: string | null;
    signed_at: string | null;
}

export interface Receipt {
    id: string;
    number: string;
    visit: string;
    signer: string;
    signed_at: string;
    _unsent: boolean;
    snapshot: Content | null;
    strokes: unknown;
}

export function useReceipt(number: string | null | undefined) {
    return useCommand<Receipt>(number ? ['receipt', 'show', number] : null);
}

function usePartRows(movements: readonly Movement[]): Map<string, Part> {
    const [parts, setParts] = useState<Map<string, Part>>(new Map());
    const ids = [...new Set(movements.map((movement) => movement.part))];
    useEffect(() => {
        let gone = false;
        void Promise.all(ids.map((id) => run<Part>(['get', 'part', id]).catch(() => undefined))).then((answers) => {
            if (!gone) {
                setParts(new Map(answers.flatMap((answer) => (answer === undefined ? [] : [[answer.json.id, answer.json] as const]))));
            }
        });
        return () => {
            gone = true;
        };
    }, [ids.join()]);
    return parts;
}

const NOTHING = { name: null, address: null, contact: null, phone: null };

export function usePreview(visit: Visit): Content {
    const order = useRow<WorkOrder>('work_order', visit.work_order).data;
    const { request, customer, site, system } = usePlace(order?.request);
    const parts = usePartRows(visit.parts);
    const technician = useStatus().data?.person_name ?? null;
    return {
        number: null,
        work_order: { number: order?.number ?? null },
        customer: customer ?? NOTHING,
        site: site ?? NOTHING,
        system: system ?? NOTHING,
        technician: { name: technician },
        reported_fault: request?.reported_fault ?? null,
        arrived_at: visit.arrived_at,
        left_at: visit.left_at,
        actual_fault: visit.actual_fault,
        work_done: visit.work_done,
        result: visit.result,
        parts: visit.parts.map((movement) => {
            const part = parts.get(movement.part);
            return {
                id: movement.id,
                code: part?.code ?? null,
                name: part?.name ?? movement.labels['part'] ?? null,
                spec: part?.spec ?? null,
                unit: part?.unit ?? null,
                quantity: movement.quantity,
                serial: movement.serial,
                reason: movement.reason,
                price_cents: part?.price_cents ?? null,
            };
        }),
        signer: null,
        signed_at: null,
    };
}
