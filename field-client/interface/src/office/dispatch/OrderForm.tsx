/* From a service request, or a call that is just coming in, to an order: one form. */
import { useState } from 'preact/hooks';
import { useAction } from '../../api';
import { Button, DateTimeInput, Dialog, ErrorNotice, Field, Select, TextArea, TextInput, toast } from '../../design';
import { t } from '../../i18n';
import { labelOf, ReferencePicker, useEntity, type Row } from '../../records';
import type { Person } from '../people';

interface Form {
    request: string; // empty: a new one is recorded
    customer: string;
    fault: string;
    priority: string;
    number: string;
    technician: string;
    start: string;
    instruction: string;
}

/* Words of fields that were filled in. */
function filled(fields: Record<string, string>): string[] {
    return Object.entries(fields)
        .filter(([, value]) => value.trim() !== '')
        .map(([name, value]) => `${name}=${value.trim()}`);
}

/* Request, order, and the request's new status. What was recorded before a failure is not recorded again. */
function useOrderMaking() {
    const action = useAction();
    const [recorded, setRecorded] = useState('');
    const make = async (form: Form): Promise<boolean> => {
        let request = form.request || recorded;
        if (request === '') {
            const words = filled({ customer: form.customer, reported_fault: form.fault, priority: form.priority });
            const answer = await action.run<{ id: string }>(['new', 'service_request', ...words, 'status=new', `received_at=${new Date().toISOString()}`]);
            if (answer === undefined) {
                return false;
            }
            request = answer.json.id;
            setRecorded(request);
        }
        const words = filled({
            request,
            number: form.number,
            technician: form.technician,
            planned_start: form.start,
            instruction: form.instruction,
            status: form.technician === '' ? 'draft' : 'assigned',
        });
        if ((await action.run(['new', 'work_order', ...words])) === undefined) {
            return false;
        }
        return (await action.run(['set', 'service_request', request, `status=${form.technician === '' ? 'approved' : 'assigned'}`])) !== undefined;
    };
    return { ...action, make };
}

interface PartProps {
    form: Form;
    change: (change: Partial<Form>) => void;
}

function RequestPart({ form, change, requests }: PartProps & { requests: readonly Row[] }) {
    const priority = useEntity('service_request')?.fields.find((field) => field.name === 'priority');
    return (
        <>
            <Field label={t('office.request')}>
                <Select
                    value={form.request}
                    onChange={(request) => change({ request })}
                    empty={t('office.request_new')}
                    options={requests.map((row) => ({
                        value: row.id,
                        label: [row['reported_fault'], row.labels?.['customer']].filter(Boolean).join(' · '),
                    }))}
                />
            </Field>
            {form.request === '' && (
                <>
                    <Field label={t('office.fault')} required>
                        <TextArea autofocus rows={2} value={form.fault} onChange={(fault) => change({ fault })} />
                    </Field>
                    <div class="columns">
                        <Field label={t('office.customer')}>
                            <ReferencePicker entity="customer" value={form.customer} onChange={(customer) => change({ customer })} />
                        </Field>
                        <Field label={t('office.priority')}>
                            <Select
                                value={form.priority}
                                onChange={(value) => change({ priority: value })}
                                options={(priority?.choices ?? []).map((choice) => ({ value: choice.name, label: labelOf(choice) }))}
                            />
                        </Field>
                    </div>
                </>
            )}
        </>
    );
}

function OrderPart({ form, change, technicians }: PartProps & { technicians: readonly Person[] }) {
    return (
        <>
            <div class="columns">
                <Field label={t('office.order_number')} hint={t('office.order_number_hint')}>
                    <TextInput autofocus={form.request !== ''} value={form.number} onChange={(number) => change({ number })} />
                </Field>
                <Field label={t('office.technician')}>
                    <Select
                        value={form.technician}
                        onChange={(technician) => change({ technician })}
                        empty={t('office.nobody')}
                        options={technicians.map(({ id, name }) => ({ value: id, label: name }))}
                    />
                </Field>
            </div>
            <Field label={t('office.planned_start')}>
                <DateTimeInput value={form.start} onChange={(start) => change({ start })} />
            </Field>
            <Field label={t('office.instruction')}>
                <TextArea rows={2} value={form.instruction} onChange={(instruction) => change({ instruction })} />
            </Field>
        </>
    );
}

interface Props {
    request: string;
    requests: readonly Row[];
    technicians: readonly Person[];
    onClose: () => void;
}

export function OrderForm({ request, requests, technicians, onClose }: Props) {
    const [form, setForm] = useState<Form>({
        request, customer: '', fault: '', priority: 'normal', number: '', technician: '', start: '', instruction: '',
    });
    const change = (part: Partial<Form>) => setForm({ ...form, ...part });
    const making = useOrderMaking();
    const submit = async () => {
        if (await making.make(form)) {
            toast(t('office.order_made'), 'success');
            onClose();
        }
    };
    return (
        <Dialog title={t('office.order_new')} wide onClose={onClose}>
            <form class="stack" onSubmit={(event) => (event.preventDefault(), void submit())}>
                <RequestPart form={form} change={change} requests={requests} />
                <OrderPart form={form} change={change} technicians={technicians} />
                {making.error !== undefined && <ErrorNotice error={making.error} />}
                <div class="dialog-foot">
                    <Button onClick={onClose}>{t('common.cancel')}</Button>
                    <Button type="submit" kind="primary" busy={making.busy} disabled={form.request === '' && form.fault.trim() === ''}>
                        {t('office.order_make')}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}
