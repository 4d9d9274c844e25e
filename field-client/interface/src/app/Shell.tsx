/* Top bar, menu, and the page that the address names. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { connection, useAction } from '../api';
import { Button, EmptyState, Loading, LinkButton, Notice } from '../design';
import { Icon } from '../design/Icon';
import { t } from '../i18n';
import { PageBoundary } from './PageBoundary';
import { current, href, type RouteName } from './router';
import { menuOf, pageOf, sections, sectionsFor } from './sections';
import { Palette } from './Palette';
import { ShortcutHelp } from './ShortcutHelp';
import { listenToKeys, openDialog } from './shortcuts';
import { useStatus } from './status';
import { Switches } from './switches';
import { SyncState } from './SyncState';

/* Menu entries have no parameters. */
export function plainHref(name: RouteName): string {
    return (href as (name: RouteName) => string)(name);
}

function Menu({ roles, open, onChosen }: { roles: readonly string[]; open: boolean; onChosen: () => void }) {
    const here = current.value?.name;
    return (
        <nav class={open ? 'menu menu-open no-print' : 'menu no-print'} aria-label={t('app.menu')}>
            {sectionsFor(roles).map((section) => (
                <div key={section.title}>
                    <div class="menu-title">{t(section.title)}</div>
                    {menuOf(section).map(({ name, page }) => (
                        <a key={name} class="menu-link" href={plainHref(name)} aria-current={here === name ? 'page' : undefined} onClick={onChosen}>
                            <Icon name={page.menu ?? 'list'} />
                            {t(page.title)}
                        </a>
                    ))}
                </div>
            ))}
        </nav>
    );
}

function TopBar({ onMenu }: { onMenu: () => void }) {
    const status = useStatus().data;
    const lock = useAction();
    return (
        <header class="topbar no-print">
            <span class="menu-button">
                <Button kind="quiet" icon="menu" label={t('app.menu')} onClick={onMenu} />
            </span>
            <a class="brand" href="#/" style={{ color: 'inherit', textDecoration: 'none' }}>
                <img src="/icon.svg" alt="" />
                <span class="wide-only">{t('app.name')}</span>
            </a>
            <div class="grow" />
            <Button kind="quiet" icon="search" label={t('app.palette')} onClick={() => (openDialog.value = 'palette')} />
            <SyncState />
            <Switches />
            <span class="wide-only">
                <Button kind="quiet" icon="help" label={t('app.keys')} onClick={() => (openDialog.value = 'help')} />
            </span>
            <span class="small wide-only" title={status?.roles.join(', ')}>
                {status?.person_name}
            </span>
            <Button kind="quiet" icon="lock" label={t('app.lock')} busy={lock.busy} onClick={() => void lock.run(['lock'])} />
        </header>
    );
}

/* What everybody must know before anything on a page is believed. */
function Warnings() {
    const status = useStatus().data;
    return (
        <div class="stack-tight warnings">
            {connection.value === 'lost' && <Notice tone="warning">{t('app.connection_lost')}</Notice>}
            {status?.incomplete === true && <Notice tone="warning">{t('app.incomplete')}</Notice>}
            {(status?.must_join_again ?? null) !== null && <Notice tone="danger">{status?.must_join_again}</Notice>}
            {(status?.revoked ?? null) !== null && <Notice tone="danger">{t('app.revoked', { reason: status?.revoked?.reason ?? '' })}</Notice>}
        </div>
    );
}

function CurrentPage() {
    const matched = current.value;
    const status = useStatus();
    if (matched === null) {
        // The first page of the first part that is this person's.
        const first = sectionsFor(status.data?.roles ?? [])[0] ?? sections[sections.length - 1];
        const entry = first === undefined ? undefined : menuOf(first)[0];
        if (location.hash.length > 2) {
            return (
                <EmptyState title={t('app.no_page')}>
                    <LinkButton href="#/">{t('app.to_start')}</LinkButton>
                </EmptyState>
            );
        }
        if (status.data !== undefined && entry !== undefined) {
            location.replace(plainHref(entry.name));
        }
        return <Loading />;
    }
    const page = pageOf(matched.name);
    if (page === undefined) {
        return <EmptyState title={t('app.no_page')} />;
    }
    const Component = page.component;
    return (
        <div class={page.wide === true ? 'page-inner page-wide' : 'page-inner'}>
            <Component params={matched.params} query={matched.query} />
        </div>
    );
}

export function Shell() {
    const [menu, setMenu] = useState(false);
    const main = useRef<HTMLElement>(null);
    const roles = useStatus().data?.roles ?? [];
    const matched = current.value;
    const place = matched === null ? '' : `${matched.name} ${JSON.stringify(matched.params)}`;
    useEffect(() => {
        const page = matched === null ? undefined : pageOf(matched.name);
        document.title = page === undefined ? t('app.name') : `${t(page.title)} · ${t('app.name')}`;
        main.current?.focus({ preventScroll: true });
        main.current?.scrollTo(0, 0);
    }, [place]);
    useEffect(listenToKeys, []);
    const closeDialog = () => (openDialog.value = null);
    return (
        <div class="shell">
            <a class="button unseen skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
                {t('app.skip')}
            </a>
            <TopBar onMenu={() => setMenu(!menu)} />
            <Menu roles={roles} open={menu} onChosen={() => setMenu(false)} />
            <main id="main" ref={main} class="page" tabIndex={-1}>
                <Warnings />
                <PageBoundary key={place}>
                    <CurrentPage />
                </PageBoundary>
            </main>
            {openDialog.value === 'palette' && <Palette onClose={closeDialog} />}
            {openDialog.value === 'help' && <ShortcutHelp onClose={closeDialog} />}
        </div>
    );
}
