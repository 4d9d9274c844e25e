/* Native inputs with text as their value; the empty text is no value. Each stands in a Field. */
import type { ComponentChildren } from 'preact';
import { t } from '../i18n';
import { useTied } from './Field';

interface Common {
    value: string;
    onChange: (value: string) => void;
    disabled?: boolean | undefined;
    placeholder?: string | undefined;
    autofocus?: boolean | undefined;
    label?: string | undefined; // where there is no Field around it
}

function focusFirst(wanted: boolean | undefined) {
    return (element: HTMLElement | null) => {
        if (wanted === true && element !== null && element.dataset['focused'] === undefined) {
            element.dataset['focused'] = '';
            element.focus();
        }
    };
}

type TextInputProps = Common & {
    type?: 'text' | 'password' | 'search' | 'tel' | 'email';
    autocomplete?: 'off' | 'current-password' | 'new-password';
    size_max?: number | undefined;
};

export function TextInput({ value, onChange, type = 'text', autofocus, label, size_max, autocomplete = 'off', ...rest }: TextInputProps) {
    return (
        <input
            {...useTied()}
            {...rest}
            ref={focusFirst(autofocus)}
            class="input"
            type={type}
            value={value}
            aria-label={label}
            maxLength={size_max}
            autocomplete={autocomplete}
            onInput={(event) => onChange(event.currentTarget.value)}
        />
    );
}

export function TextArea({ value, onChange, autofocus, label, rows = 4, ...rest }: Common & { rows?: number }) {
    return (
        <textarea
            {...useTied()}
            {...rest}
            ref={focusFirst(autofocus)}
            class="input"
            rows={rows}
            value={value}
            aria-label={label}
            onInput={(event) => onChange(event.currentTarget.value)}
        />
    );
}

/* Digits with a decimal keyboard. Not type=number: that drops what it does not understand without a word. */
export function NumberInput({ value, onChange, autofocus, label, decimals = false, ...rest }: Common & { decimals?: boolean }) {
    return (
        <input
            {...useTied()}
            {...rest}
            ref={focusFirst(autofocus)}
            class="input number"
            inputMode={decimals ? 'decimal' : 'numeric'}
            value={value}
            aria-label={label}
            autocomplete="off"
            onInput={(event) => onChange(event.currentTarget.value)}
        />
    );
}

export interface Option {
    value: string;
    label: string;
}

type SelectProps = Common & { options: readonly Option[]; empty?: string | false };

/* `empty`: the text of no choice, false where one must be chosen. */
export function Select({ value, onChange, options, empty, autofocus, label, placeholder, ...rest }: SelectProps) {
    return (
        <select
            {...useTied()}
            {...rest}
            ref={focusFirst(autofocus)}
            class="input"
            value={value}
            aria-label={label}
            onChange={(event) => onChange(event.currentTarget.value)}
        >
            {empty !== false && <option value="">{empty ?? placeholder ?? t('common.choose')}</option>}
            {options.map((option) => (
                <option key={option.value} value={option.value}>
                    {option.label}
                </option>
            ))}
        </select>
    );
}

/* Value: "2026-03-01". */
export function DateInput({ value, onChange, autofocus, label, ...rest }: Common) {
    return (
        <input
            {...useTied()}
            {...rest}
            ref={focusFirst(autofocus)}
            class="input"
            type="date"
            value={value}
            aria-label={label}
            onInput={(event) => onChange(event.currentTarget.value)}
        />
    );
}

/* The local time of an instant as <input type=datetime-local> wants it. */
export function localOfInstant(instant: string): string {
    const date = new Date(instant);
    if (instant === '' || Number.isNaN(date.getTime())) {
        return '';
    }
    const pad = (number: number, digits = 2) => String(number).padStart(digits, '0');
    return `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/* Value: an instant, "2026-12-01T02:58:00.000Z"; entered in the zone of the computer. */
export function DateTimeInput({ value, onChange, autofocus, label, ...rest }: Common) {
    return (
        <input
            {...useTied()}
            {...rest}
            ref={focusFirst(autofocus)}
            class="input"
            type="datetime-local"
            value={localOfInstant(value)}
            aria-label={label}
            onInput={(event) => {
                const date = new Date(event.currentTarget.value);
                onChange(Number.isNaN(date.getTime()) ? '' : date.toISOString());
            }}
        />
    );
}

export function CheckBox({ checked, onChange, children, disabled = false }: {
    checked: boolean;
    onChange: (checked: boolean) => void;
    children: ComponentChildren;
    disabled?: boolean;
}) {
    return (
        <label class="check">
            <input type="checkbox" checked={checked} disabled={disabled} onChange={(event) => onChange(event.currentTarget.checked)} />
            <span>{children}</span>
        </label>
    );
}
