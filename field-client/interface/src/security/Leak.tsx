/* A password may be known to the world: who knew it is looked at first, then that it leaked is signed. */
import { useState } from 'preact/hooks';
import { option, useAction, useCommand } from '../api';
import { goTo, href, type PageProps } from '../app/router';
import { Button, CheckBox, EmptyState, ErrorNotice, Field, LinkButton, Notice, Select, Show, Table, TextInput, toast } from '../design';
import { formatInstant, t } from '../i18n';
import { wordOf, type Leak as LeakAnswer, type ShownItem } from '../vault';
import { SecurityPage } from './SecurityPage';

function Knew({ leak }: { leak: LeakAnswer }) {
    if (leak.knew.length === 0) {
        return <EmptyState icon="user" title={t('security.nobody_knew')} />;
    }
    return (
        <Table
            caption={t('security.who_knew')}
            rows={leak.knew}
            keyOf={(row) => `${row.device} ${row.how} ${row.since}`}
            columns={[
                {
                    key: 'person',
                    title: t('vault.person'),
                    show: (row) => (
                        <>
                            <a href={href('exposed', {}, { person: row.person })}>{row.person_name}</a>
                            <div class="muted small">{row.device_name}</div>
                        </>
                    ),
                },
                { key: 'how', title: t('security.how'), show: (row) => wordOf('how', row.how) },
                { key: 'since', title: t('security.since'), show: (row) => formatInstant(row.since) },
                { key: 'reason', title: t('vault.reason'), show: (row) => row.reason ?? '' },
            ]}
        />
    );
}

function Declare({ words, item }: { words: readonly string[]; item: ShownItem }) {
    const action = useAction();
    const [reason, setReason] = useState('');
    const [sure, setSure] = useState(false);
    const ready = sure && reason.trim() !== '';
    const declare = async (event: Event) => {
        event.preventDefault();
        if (ready && !action.busy) {
            if ((await action.run([...words, option('reason', reason.trim())])) !== undefined) {
                toast(t('security.leak_declared'), 'success');
                goTo('rotation', { project: item.project });
            }
        }
    };
    return (
        <form class="card stack" onSubmit={(event) => void declare(event)}>
            <h2>{t('security.declare_leak')}</h2>
            <p>{t('security.declare_leak_text')}</p>
            <Field label={t('security.leak_reason')} hint={t('vault.reason_hint')} required>
                <TextInput value={reason} onChange={setReason} />
            </Field>
            <CheckBox checked={sure} onChange={setSure}>
                {t('security.leak_sure')}
            </CheckBox>
            {action.error !== undefined && <ErrorNotice error={action.error} />}
            <div class="row">
                <Button type="submit" kind="danger" icon="alert" busy={action.busy} disabled={!ready}>
                    {t('security.declare_leak')}
                </Button>
            </div>
        </form>
    );
}

function Looked({ item }: { item: ShownItem }) {
    const fields = [...new Set(item.versions.map((version) => version.field))];
    const [field, setField] = useState(fields.includes('password') ? 'password' : (fields[0] ?? ''));
    const words = ['vault', 'leak', item.id, option('field', field)];
    const leak = useCommand<LeakAnswer>(field === '' ? null : words);
    if (field === '') {
        return <Notice>{t('security.no_secret_yet')}</Notice>;
    }
    return (
        <>
            <Field label={t('vault.field')}>
                <Select
                    value={field}
                    onChange={setField}
                    options={fields.map((value) => ({ value, label: wordOf('field', value) }))}
                    empty={false}
                />
            </Field>
            <h2>{t('security.who_knew')}</h2>
            <Show loaded={leak}>
                {(data) => (
                    <>
                        {!data.complete && <Notice tone="warning">{t('security.incomplete')}</Notice>}
                        <Knew leak={data} />
                    </>
                )}
            </Show>
            <Declare words={words} item={item} />
        </>
    );
}

export function Leak({ params }: PageProps<'/security/credentials/:item/leak'>) {
    const item = useCommand<ShownItem>(['vault', 'show', params.item]);
    return (
        <SecurityPage
            title={t('security.leak_title', { name: item.data?.name ?? '' })}
            actions={
                <LinkButton icon="back" href={href('credential', { item: params.item })}>
                    {t('common.back')}
                </LinkButton>
            }
        >
            <p>{t('security.leak_text')}</p>
            <Show loaded={item}>{(data) => <Looked item={data} />}</Show>
        </SecurityPage>
    );
}
