/* The end of a visit: what the customer signs, the signature, and leaving; or leaving without a signature, with a reason. A draft until it is sent. */
import { useState } from 'preact/hooks';
import { option, useAction } from '../api';
import { Button, CheckBox, ErrorNotice, Field, Loading, Notice, TextArea, TextInput, toast } from '../design';
import { useDraft, type Draft } from '../drafts';
import { t } from '../i18n';
import { usePreview } from './receipt-content';
import { ReceiptView } from './ReceiptView';
import type { Visit } from './rows';
import { SignaturePad } from './SignaturePad';
import { pointCount, type Strokes } from './strokes';
import { saveAll } from './use-autosave';

const POINTS_MIN = 2;

interface Ending {
    signer: string | null; // null: nothing was typed, the contact signs
    strokes: Strokes;
    cannot: boolean;
    reason: string; // why there is no signature
}

const NOTHING_YET: Ending = { signer: null, strokes: [], cannot: false, reason: '' };

interface EndingProps {
    visit: Visit;
    draft: Draft<Ending>;
}

function useFinish(visit: Visit) {
    const action = useAction();
    const finish = async (words: readonly string[] = []) => {
        if (!(await saveAll())) {
            toast(t('technician.save_first'), 'danger');
            return false;
        }
        const answer = await action.run<{ warnings: string[] }>(['visit', 'finish', visit.id, ...words]);
        answer?.json.warnings.forEach((warning) => toast(warning));
        return answer !== undefined;
    };
    return { action, finish };
}

export function FinishButton({ visit }: { visit: Visit }) {
    const { action, finish } = useFinish(visit);
    return (
        <div class="stack-tight">
            <Button kind="primary" icon="check" busy={action.busy} onClick={() => void finish()}>
                {t('technician.finish')}
            </Button>
            {action.error !== undefined && <ErrorNotice error={action.error} />}
        </div>
    );
}

function Unsigned({ visit, draft }: EndingProps) {
    const { action, finish } = useFinish(visit);
    const { reason } = draft.value;
    const [tried, setTried] = useState(false);
    const submit = async (event: Event) => {
        event.preventDefault();
        setTried(true);
        if (reason.trim() !== '' && (await finish([option('unsigned', reason.trim())]))) {
            draft.drop();
        }
    };
    return (
        <form class="stack" onSubmit={(event) => void submit(event)}>
            <Field
                label={t('technician.unsigned_reason')}
                hint={t('technician.unsigned_hint')}
                required
                error={tried && reason.trim() === '' ? t('technician.reason_missing') : undefined}
            >
                <TextArea value={reason} onChange={(typed) => draft.set((before) => ({ ...before, reason: typed }))} rows={2} autofocus={!draft.restored} />
            </Field>
            {action.error !== undefined && <ErrorNotice error={action.error} />}
            <div>
                <Button type="submit" kind="primary" icon="check" busy={action.busy}>
                    {t('technician.finish_unsigned')}
                </Button>
            </div>
        </form>
    );
}

function Signed({ visit, draft, contact }: EndingProps & { contact: string }) {
    const sign = useAction();
    const { action, finish } = useFinish(visit);
    const { signer, strokes } = draft.value;
    const name = signer ?? contact;
    const missing = pointCount(strokes) < POINTS_MIN ? t('technician.sign_first') : name.trim() === '' ? t('technician.signer_missing') : undefined;
    const [tried, setTried] = useState(false);
    const submit = async (leave: boolean) => {
        setTried(true);
        if (missing !== undefined || !(await saveAll())) {
            return;
        }
        const answer = await sign.run<{ warnings: string[] }>(['visit', 'sign', visit.id, option('signer', name.trim()), option('strokes', '-')], {
            input: JSON.stringify(strokes),
        });
        if (answer === undefined) {
            return;
        }
        setTried(false);
        draft.drop();
        if (leave) {
            await finish();
        }
    };
    return (
        <form
            class="stack"
            onSubmit={(event) => {
                event.preventDefault();
                void submit(true);
            }}
        >
            <Field label={t('technician.signer')} required>
                <TextInput value={name} onChange={(typed) => draft.set((before) => ({ ...before, signer: typed }))} />
            </Field>
            <SignaturePad initial={strokes} onChange={(drawn) => draft.set((before) => ({ ...before, strokes: drawn }))} />
            {tried && missing !== undefined && <Notice tone="warning">{missing}</Notice>}
            {sign.error !== undefined && <ErrorNotice error={sign.error} />}
            {action.error !== undefined && <ErrorNotice error={action.error} />}
            <div class="row">
                <Button type="submit" kind="primary" icon="pen" busy={sign.busy || action.busy}>
                    {t('technician.sign_and_finish')}
                </Button>
                <Button busy={sign.busy} onClick={() => void submit(false)}>
                    {t('technician.sign_only')}
                </Button>
            </div>
        </form>
    );
}

export function VisitSign({ visit }: { visit: Visit }) {
    const preview = usePreview(visit);
    const draft = useDraft(`sign ${visit.id}`, NOTHING_YET);
    if (!draft.ready) {
        return <Loading />;
    }
    const { cannot } = draft.value;
    return (
        <div class="stack">
            <ReceiptView content={preview} />
            <CheckBox checked={cannot} onChange={(checked) => draft.set((before) => ({ ...before, cannot: checked }))}>
                {t('technician.cannot_sign')}
            </CheckBox>
            {cannot ? <Unsigned visit={visit} draft={draft} /> : <Signed visit={visit} draft={draft} contact={preview.site.contact ?? ''} />}
        </div>
    );
}
