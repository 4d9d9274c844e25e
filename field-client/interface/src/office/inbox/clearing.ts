/* What clears an exception on these pages, by its kind; the command says it in words of the command line. */
import { href } from '../../app/router';
import { t, type PlainTextKey } from '../../i18n';
import type { Exception } from './Exceptions';

export interface Place {
    href: string;
    text: string;
}

const CLEARING: Record<string, PlainTextKey> = {
    changed_after_signing: 'office.do_changed_after_signing',
    work_on_cancelled_order: 'office.do_work_on_cancelled_order',
    work_on_reassigned_order: 'office.do_work_on_reassigned_order',
    overlapping_visits: 'office.do_overlapping_visits',
    negative_stock: 'office.do_negative_stock',
    inconsistent_row: 'office.do_inconsistent_row',
    delete_against_edit: 'office.do_conflict',
    fact_over_plan: 'office.do_conflict',
    written_twice: 'office.do_conflict',
    duplicate: 'office.do_duplicate',
    receipt_gap: 'office.do_receipt_gap',
    receipt_double: 'office.do_receipt_double',
    post_revocation_work: 'office.do_post_revocation_work',
};

/* null: the command's own words are all there is. */
export function clearingText(kind: string): string | null {
    const key = CLEARING[kind];
    return key === undefined ? null : t(key);
}

/* Where on these pages it is put right. */
export function placeOf(exception: Exception): Place | null {
    switch (exception.kind) {
        case 'delete_against_edit':
        case 'fact_over_plan':
        case 'written_twice':
            return { href: href('inbox', {}, { tab: 'conflicts' }), text: t('office.to_conflicts') };
        case 'post_revocation_work':
            return { href: href('inbox', {}, { tab: 'review' }), text: t('office.to_review') };
        case 'receipt_gap':
            return { href: href('receipts', {}, { tab: 'series' }), text: t('office.to_series') };
        default:
            break;
    }
    if (exception.row === null) {
        return null;
    }
    if (exception.kind === 'negative_stock') {
        return { href: href('recordNew', { entity: 'stock_movement' }, { to: exception.row, reason: 'correction' }), text: t('office.correct_stock') };
    }
    if (exception.kind === 'duplicate') {
        return { href: href('recordMerge', { entity: exception.entity, id: exception.row }), text: t('office.to_merge') };
    }
    if (exception.entity === 'receipt') {
        return { href: href('receipt', { id: exception.row }), text: t('office.open_receipt') };
    }
    if (exception.entity === 'device') {
        return { href: href('devices'), text: t('office.to_devices') };
    }
    return { href: href('recordDetail', { entity: exception.entity, id: exception.row }), text: t('office.open_record') };
}
