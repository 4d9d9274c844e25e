/* Whether a receipt holds, as `receipt verify` says. It answers with exit code 1 where it does not, or where the visit changed since. */
import type { CommandError, Loaded } from '../../api';
import { Badge, ErrorNotice, Loading, Notice } from '../../design';
import { t } from '../../i18n';

export interface Check {
    intact: boolean;
    altered: string[];
    changed_since: string[];
    signed_by: string | null;
    remarks: string[];
}

export function isCheck(json: unknown): json is Check {
    return typeof json === 'object' && json !== null && typeof (json as Check).intact === 'boolean';
}

/* The verdict, also where it came with a failure. */
export function checkOf(loaded: { data?: Check | undefined; error?: CommandError | undefined }): Check | undefined {
    return isCheck(loaded.error?.json) ? loaded.error.json : loaded.error === undefined ? loaded.data : undefined;
}

export function CheckBadge({ check }: { check: Check }) {
    if (!check.intact) {
        return <Badge tone="danger">{t('office.not_intact')}</Badge>;
    }
    return check.changed_since.length > 0 ? (
        <Badge tone="warning">{t('office.changed_since')}</Badge>
    ) : (
        <Badge tone="success">{t('office.intact')}</Badge>
    );
}

function Lines({ title, lines }: { title: string; lines: readonly string[] }) {
    return lines.length === 0 ? null : (
        <div>
            <strong>{title}</strong>
            <ul>
                {lines.map((line) => (
                    <li key={line}>{line}</li>
                ))}
            </ul>
        </div>
    );
}

export function Verdict({ loaded }: { loaded: Loaded<Check> & { again: () => void } }) {
    const check = checkOf(loaded);
    if (check === undefined) {
        return loaded.error === undefined ? <Loading /> : <ErrorNotice error={loaded.error} again={loaded.again} />;
    }
    const tone = !check.intact ? 'danger' : check.changed_since.length > 0 ? 'warning' : 'success';
    const text = !check.intact ? t('office.not_intact_text') : check.changed_since.length > 0 ? t('office.changed_since_text') : t('office.intact_text');
    return (
        <Notice tone={tone}>
            <strong>{text}</strong>
            {check.signed_by !== null && <span>{t('office.recorded_by', { who: check.signed_by })}</span>}
            <Lines title={t('office.altered')} lines={check.altered} />
            <Lines title={t('office.changed_since')} lines={check.changed_since} />
            <Lines title={t('office.remarks')} lines={check.remarks} />
        </Notice>
    );
}
