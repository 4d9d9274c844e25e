/* Shares are entered and tried. Nothing is opened with them; they are forgotten when this is closed. */
import { useState } from 'preact/hooks';
import { useAction } from '../api';
import { Button, Dialog, ErrorNotice, toast } from '../design';
import { t } from '../i18n';
import { sharesInput, ShareLines } from './ShareLines';

interface RehearseProps {
    title: string;
    text?: string;
    words: readonly string[];
    done: string;
    danger?: boolean;
}

function Trying({ title, text, words, done, danger = false, onClose }: RehearseProps & { onClose: () => void }) {
    const action = useAction();
    const [shares, setShares] = useState(['', '']);
    const ready = sharesInput(shares) !== '';
    const attempt = async (event: Event) => {
        event.preventDefault();
        if (ready && !action.busy && (await action.run(words, { input: sharesInput(shares) })) !== undefined) {
            toast(done, 'success');
            onClose();
        }
    };
    return (
        <form class="stack" onSubmit={(event) => void attempt(event)}>
            <p>{text ?? t('security.rehearse_text')}</p>
            <ShareLines shares={shares} onChange={setShares} />
            {action.error !== undefined && <ErrorNotice error={action.error} />}
            <div class="row">
                <Button type="submit" kind={danger ? 'danger' : 'primary'} busy={action.busy} disabled={!ready}>
                    {title}
                </Button>
            </div>
        </form>
    );
}

export function Rehearse(props: RehearseProps) {
    const [open, setOpen] = useState(false);
    return (
        <div class="row no-print">
            <Button icon={props.danger === true ? 'trash' : 'check'} onClick={() => setOpen(true)}>
                {props.title}
            </Button>
            {open && (
                <Dialog title={props.title} onClose={() => setOpen(false)}>
                    <Trying {...props} onClose={() => setOpen(false)} />
                </Dialog>
            )}
        </div>
    );
}
