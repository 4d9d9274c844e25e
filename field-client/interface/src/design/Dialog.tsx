/* A native modal <dialog>: it keeps the focus inside, gives it back, and closes with Escape. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import type { CommandError } from '../api';
import { Button } from './Button';
import { ErrorNotice } from './states';

interface DialogProps {
    title: string;
    onClose: () => void;
    wide?: boolean;
    children: ComponentChildren;
}

export function Dialog({ title, onClose, wide = false, children }: DialogProps) {
    const element = useRef<HTMLDialogElement>(null);
    const titleId = useId();
    useEffect(() => {
        const dialog = element.current;
        const before = document.activeElement;
        if (dialog !== null && !dialog.open) {
            dialog.showModal();
            // What is to be filled in, and not the button that closes.
            dialog.querySelector<HTMLElement>('.dialog-body :is(input, select, textarea, button):not([disabled])')?.focus();
        }
        return () => {
            dialog?.close();
            if (before instanceof HTMLElement && before.isConnected) {
                before.focus();
            }
        };
    }, []);
    return (
        <dialog
            ref={element}
            class={wide ? 'dialog dialog-wide' : 'dialog'}
            aria-labelledby={titleId}
            onCancel={(event) => {
                event.preventDefault();
                onClose();
            }}
        >
            <div class="dialog-head">
                <h2 id={titleId}>{title}</h2>
                <Button kind="quiet" icon="close" label={t('common.close')} onClick={onClose} />
            </div>
            <div class="dialog-body">{children}</div>
        </dialog>
    );
}

interface ConfirmProps {
    title: string;
    text: string;
    confirm: string;
    danger?: boolean;
    error?: CommandError | undefined;
    onConfirm: () => Promise<void> | void;
    onClose: () => void;
}

/* A question before something that cannot be undone by a click. */
export function ConfirmDialog({ title, text, confirm, danger = false, error, onConfirm, onClose }: ConfirmProps) {
    const [busy, setBusy] = useState(false);
    const act = async () => {
        setBusy(true);
        await onConfirm();
        setBusy(false);
    };
    return (
        <Dialog title={title} onClose={onClose}>
            <div class="stack">
                <p class="pre">{text}</p>
                {error !== undefined && <ErrorNotice error={error} />}
            </div>
            <div class="dialog-foot">
                <Button onClick={onClose}>{t('common.cancel')}</Button>
                <Button kind={danger ? 'danger' : 'primary'} busy={busy} onClick={() => void act()}>
                    {confirm}
                </Button>
            </div>
        </Dialog>
    );
}
