/* What stands in place of data: nothing there, not there yet, not to be had. */
import type { ComponentChildren } from 'preact';
import type { CommandError, Loaded } from '../api';
import { t } from '../i18n';
import { Button } from './Button';
import { Icon, type IconName } from './Icon';

export function Loading() {
    return (
        <div class="state" role="status">
            <span class="spinner" />
            <span>{t('common.loading')}</span>
        </div>
    );
}

export function EmptyState({ title, icon = 'list', children }: { title: string; icon?: IconName; children?: ComponentChildren }) {
    return (
        <div class="state">
            <Icon name={icon} />
            <p>{title}</p>
            {children}
        </div>
    );
}

export function errorText(error: CommandError): string {
    if (error.status === 'UNREACHABLE') {
        return t('error.unreachable');
    }
    return error.text === '' ? t('error.unknown') : error.text;
}

/* A failure beside what asked for it. */
export function ErrorNotice({ error, again }: { error: CommandError; again?: () => void }) {
    return (
        <div class="notice notice-danger" role="alert">
            <strong>{t('error.title')}</strong>
            <p class="pre">{errorText(error)}</p>
            {again !== undefined && (
                <div>
                    <Button icon="sync" onClick={again}>
                        {t('common.retry')}
                    </Button>
                </div>
            )}
        </div>
    );
}

export function Notice({ tone = 'plain', children }: { tone?: 'plain' | 'warning' | 'danger' | 'success'; children: ComponentChildren }) {
    return (
        <div class={tone === 'plain' ? 'notice' : `notice notice-${tone}`} role="status">
            {children}
        </div>
    );
}

/* Shows what useCommand loaded: its data by `children`, its failure above them, and meanwhile that it is read. */
export function Show<T>({ loaded, children }: { loaded: Loaded<T> & { again?: () => void }; children: (data: T) => ComponentChildren }) {
    const { data, error, again } = loaded;
    return (
        <>
            {error !== undefined && <ErrorNotice error={error} {...(again === undefined ? {} : { again })} />}
            {data !== undefined ? children(data) : error === undefined && <Loading />}
        </>
    );
}
