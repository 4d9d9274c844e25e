/* The frame of what stands before the pages: unlock, join, and what went wrong. */
import type { ComponentChildren } from 'preact';
import { t } from '../i18n';
import { Switches } from './switches';

export function Entrance({ title, children }: { title: string; children: ComponentChildren }) {
    return (
        <div class="entrance">
            <div class="entrance-tools row">
                <Switches />
            </div>
            <main class="entrance-card stack">
                <div class="brand">
                    <img src="/icon.svg" alt="" />
                    {t('app.name')}
                </div>
                <div class="card stack">
                    <h1>{title}</h1>
                    {children}
                </div>
            </main>
        </div>
    );
}
