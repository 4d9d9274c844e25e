/* Light or dark: as the system has it, or as the person chose. */
import { computed, effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'countersign.theme';
const kept = localStorage.getItem(KEY);
const system = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(system.matches);
system.addEventListener('change', (event) => (systemIsDark.value = event.matches));

export const theme = signal<Theme>(kept === 'light' || kept === 'dark' ? kept : 'system');
export const isDark = computed(() => (theme.value === 'system' ? systemIsDark.value : theme.value === 'dark'));

export function setTheme(next: Theme): void {
    localStorage.setItem(KEY, next);
    theme.value = next;
}

effect(() => {
    document.documentElement.dataset['theme'] = isDark.value ? 'dark' : 'light';
});
