/* Departed, arrived, left: one tap writes down now; what was tapped can be corrected. */
import { useState } from 'preact/hooks';
import { useAction } from '../api';
import { Button, DateTimeInput, ErrorNotice, Icon } from '../design';
import { formatInstant, t, type PlainTextKey } from '../i18n';
import type { Visit } from './rows';

const STEPS = [
    ['departed_at', 'technician.departed'],
    ['arrived_at', 'technician.arrived'],
    ['left_at', 'technician.left'],
] as const satisfies readonly (readonly [keyof Visit, PlainTextKey])[];

type Step = (typeof STEPS)[number][0];

function TimeEntry({ value, label, onSave, onClose }: { value: string; label: string; onSave: (value: string) => void; onClose: () => void }) {
    const [typed, setTyped] = useState(value);
    return (
        <form
            class="stack-tight"
            onSubmit={(event) => {
                event.preventDefault();
                onSave(typed);
            }}
        >
            <DateTimeInput value={typed} onChange={setTyped} label={label} autofocus />
            <div class="row">
                <Button type="submit" kind="primary">
                    {t('common.save')}
                </Button>
                <Button onClick={onClose}>{t('common.cancel')}</Button>
            </div>
        </form>
    );
}

export function VisitTimes({ visit }: { visit: Visit }) {
    const action = useAction();
    const [edited, setEdited] = useState<Step>();
    const save = async (step: Step, value: string) => {
        if ((await action.run(['set', 'visit', visit.id, `${step}=${value}`])) !== undefined) {
            setEdited(undefined);
        }
    };
    // A time before one that is written down already is typed: now would be after it.
    const tooLate = (step: Step) => step !== 'left_at' && (visit.left_at !== null || (step === 'departed_at' && visit.arrived_at !== null));
    return (
        <div class="stack-tight">
            <ol class="times">
                {STEPS.map(([step, label]) => (
                    <li key={step} class={visit[step] === null ? 'time' : 'time time-done'}>
                        <span class="small muted">{t(label)}</span>
                        {edited === step ? (
                            <TimeEntry
                                label={t(label)}
                                value={visit[step] ?? visit.arrived_at ?? new Date().toISOString()}
                                onSave={(value) => void save(step, value)}
                                onClose={() => setEdited(undefined)}
                            />
                        ) : visit[step] !== null ? (
                            <span class="row">
                                <Icon name="check" />
                                <strong>{formatInstant(visit[step])}</strong>
                                <Button kind="quiet" icon="edit" label={`${t(label)}: ${t('common.edit')}`} onClick={() => setEdited(step)} />
                            </span>
                        ) : tooLate(step) ? (
                            <Button onClick={() => setEdited(step)}>{t('technician.type_time')}</Button>
                        ) : (
                            <Button busy={action.busy} onClick={() => void save(step, new Date().toISOString())} icon="check">
                                {t('technician.now')}
                            </Button>
                        )}
                    </li>
                ))}
            </ol>
            {action.error !== undefined && <ErrorNotice error={action.error} />}
        </div>
    );
}
