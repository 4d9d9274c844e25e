/* What is pressed, and what looks like it but leads to a page. */
import type { ComponentChildren, JSX } from 'preact';
import { Icon, type IconName } from './Icon';

type Kind = 'plain' | 'primary' | 'danger' | 'quiet';

interface Look {
    kind?: Kind;
    icon?: IconName;
    label?: string; // for screen readers and as a tooltip, where only the icon is seen
    children?: ComponentChildren;
}

function classOf(kind: Kind = 'plain'): string {
    return kind === 'plain' ? 'button' : `button button-${kind}`;
}

type ButtonProps = Look & Omit<JSX.IntrinsicElements['button'], 'class' | 'icon' | 'label'> & { busy?: boolean };

export function Button({ kind, icon, label, children, busy = false, type = 'button', disabled, ...rest }: ButtonProps) {
    return (
        <button {...rest} type={type} class={classOf(kind)} aria-label={label} title={label} aria-busy={busy} disabled={busy || disabled === true}>
            {busy ? <span class="spinner" /> : icon !== undefined && <Icon name={icon} />}
            {children}
        </button>
    );
}

type LinkButtonProps = Look & { href: string; download?: string; 'data-shortcut'?: 'new' | 'edit' };

export function LinkButton({ kind, icon, label, children, ...rest }: LinkButtonProps) {
    return (
        <a {...rest} class={classOf(kind)} aria-label={label} title={label}>
            {icon !== undefined && <Icon name={icon} />}
            {children}
        </a>
    );
}
