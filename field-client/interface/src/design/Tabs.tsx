/* Tabs as the ARIA practices have them: arrows move, one tab stop. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface TabsProps<Key extends string> {
    label: string;
    tabs: readonly { key: Key; title: ComponentChildren }[];
    current: Key;
    onChange: (key: Key) => void;
    children: ComponentChildren; // what the current tab shows
}

export function Tabs<Key extends string>({ label, tabs, current, onChange, children }: TabsProps<Key>) {
    const id = useId();
    const move = (event: KeyboardEvent) => {
        const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
        if (step === 0) {
            return;
        }
        const at = tabs.findIndex((tab) => tab.key === current);
        const next = tabs[(at + step + tabs.length) % tabs.length];
        if (next !== undefined) {
            onChange(next.key);
            document.getElementById(`${id}-${next.key}`)?.focus();
        }
    };
    return (
        <div class="stack">
            <div class="tabs no-print" role="tablist" aria-label={label} onKeyDown={move}>
                {tabs.map((tab) => (
                    <button
                        key={tab.key}
                        id={`${id}-${tab.key}`}
                        type="button"
                        class="tab"
                        role="tab"
                        aria-selected={tab.key === current}
                        aria-controls={`${id}-panel`}
                        tabIndex={tab.key === current ? 0 : -1}
                        onClick={() => onChange(tab.key)}
                    >
                        {tab.title}
                    </button>
                ))}
            </div>
            <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${current}`}>
                {children}
            </div>
        </div>
    );
}
