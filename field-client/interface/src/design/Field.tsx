/* A label, what is entered, a hint, and what is wrong with it: tied together for screen readers. */
import { createContext, type ComponentChildren } from 'preact';
import { useContext, useId } from 'preact/hooks';
import { t } from '../i18n';

interface Tied {
    id: string;
    describedBy: string | undefined;
    invalid: boolean;
    required: boolean;
}

const TiedContext = createContext<Tied | null>(null);

/* The attributes that tie an input to the Field around it. */
export function useTied() {
    const tied = useContext(TiedContext);
    return tied === null
        ? {}
        : { id: tied.id, 'aria-describedby': tied.describedBy, 'aria-invalid': tied.invalid, 'aria-required': tied.required };
}

export interface FieldProps {
    label: string;
    hint?: string | undefined;
    error?: string | undefined;
    required?: boolean | undefined;
    children: ComponentChildren;
}

export function Field({ label, hint, error, required = false, children }: FieldProps) {
    const id = useId();
    const describedBy = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`].filter(Boolean).join(' ') || undefined;
    return (
        <div class="field">
            <label class="field-label" for={id}>
                {label}
                {required && (
                    <span class="field-required" title={t('common.required')} aria-hidden="true">
                        {' *'}
                    </span>
                )}
            </label>
            <TiedContext.Provider value={{ id, describedBy, invalid: error !== undefined, required }}>{children}</TiedContext.Provider>
            {hint !== undefined && (
                <span class="field-hint" id={`${id}-hint`}>
                    {hint}
                </span>
            )}
            {error !== undefined && (
                <span class="field-error" id={`${id}-error`} role="alert">
                    {error}
                </span>
            )}
        </div>
    );
}
