/* Makes shares of a key, shows them once and prints one on each page. They are in this page's memory only, and gone when it is left. */
import { useState } from 'preact/hooks';
import { CommandError, option, rowsChanged, run } from '../api';
import { Button, Dialog, ErrorNotice, Field, NumberInput, Notice, toast } from '../design';
import { t } from '../i18n';
import { SharePapers } from './SharePapers';
import { sharesInput, ShareLines } from './ShareLines';

interface Made {
    shares: number;
    needed: number;
    texts: string[];
    failure?: CommandError; // what came after them, as telling the server
}

/* Shares that came out are worth keeping also where the command failed behind that. */
function madeOf(error: CommandError): Made | undefined {
    const json = error.json as Partial<Made> | null;
    return Array.isArray(json?.texts) ? { ...(json as Made), failure: error } : undefined;
}

interface MakeSharesProps {
    title: string;
    what: string; // on the papers: what it is a share of
    words: readonly string[];
    rootSharesNeeded: boolean; // the root key is not here: its own shares are entered first
    primary?: boolean;
}

function MakeForm({ words, rootSharesNeeded, title, onMade }: MakeSharesProps & { onMade: (made: Made) => void }) {
    const [shares, setShares] = useState('3');
    const [needed, setNeeded] = useState('2');
    const [rootShares, setRootShares] = useState(['', '']);
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState<CommandError>();
    const make = async (event: Event) => {
        event.preventDefault();
        if (busy) {
            return;
        }
        setBusy(true);
        setError(undefined);
        const all = [...words, option('shares', shares), option('needed', needed), option('output', '-'), ...(rootSharesNeeded ? ['--root-shares'] : [])];
        try {
            onMade((await run<Made>(all, { input: rootSharesNeeded ? sharesInput(rootShares) : '' })).json);
        } catch (failure) {
            const shown = failure instanceof CommandError ? failure : new CommandError('FAILED', String(failure), -1);
            const made = madeOf(shown);
            if (made === undefined) {
                setError(shown);
                setBusy(false);
            } else {
                onMade(made);
            }
        }
        rowsChanged();
    };
    return (
        <form class="stack" onSubmit={(event) => void make(event)}>
            <p>{t('security.make_text')}</p>
            <Field label={t('security.share_count')}>
                <NumberInput value={shares} onChange={setShares} autofocus />
            </Field>
            <Field label={t('security.share_needed')} hint={t('security.share_needed_hint')}>
                <NumberInput value={needed} onChange={setNeeded} />
            </Field>
            {rootSharesNeeded && (
                <>
                    <Notice>{t('security.root_shares_first')}</Notice>
                    <ShareLines shares={rootShares} onChange={setRootShares} />
                </>
            )}
            {error !== undefined && <ErrorNotice error={error} />}
            <div class="row">
                <Button type="submit" kind="primary" busy={busy}>
                    {title}
                </Button>
            </div>
        </form>
    );
}

export function MakeShares(props: MakeSharesProps) {
    const [asking, setAsking] = useState(false);
    const [made, setMade] = useState<Made>();
    const forget = () => {
        setMade(undefined);
        toast(t('security.shares_gone'));
    };
    return (
        <>
            <div class="row no-print">
                <Button kind={props.primary === true ? 'primary' : 'plain'} icon="print" onClick={() => setAsking(true)}>
                    {props.title}
                </Button>
            </div>
            {asking && (
                <Dialog title={props.title} onClose={() => setAsking(false)}>
                    <MakeForm
                        {...props}
                        onMade={(next) => {
                            setMade(next);
                            setAsking(false);
                        }}
                    />
                </Dialog>
            )}
            {made !== undefined && (
                <SharePapers what={props.what} texts={made.texts} needed={made.needed} failure={made.failure} onDone={forget} />
            )}
        </>
    );
}
