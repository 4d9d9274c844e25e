/* A new secret: made by the program, or typed. Typed ones go to the command's standard input, never into its words. */
import { useState } from 'preact/hooks';
import { option } from '../api';
import { CheckBox, Field, NumberInput, Select, TextInput } from '../design';
import { t } from '../i18n';

export type SecretWay = 'generate' | 'type' | 'none';

export interface SecretWish {
    way: SecretWay;
    field: string;
    text: string;
    length: string;
    noSymbols: boolean;
}

export const FIRST_WISH: SecretWish = { way: 'generate', field: 'password', text: '', length: '20', noSymbols: false };

export function secretWords(wish: SecretWish): string[] {
    if (wish.way === 'none') {
        return ['--no-secret'];
    }
    const words = [option('field', wish.field)];
    if (wish.way === 'generate') {
        words.push('--generate', option('length', wish.length), ...(wish.noSymbols ? ['--no-symbols'] : []));
    }
    return words;
}

export function secretInput(wish: SecretWish): string {
    return wish.way === 'type' ? wish.text : '';
}

export function isComplete(wish: SecretWish): boolean {
    return wish.way === 'none' || (wish.field.trim() !== '' && (wish.way === 'generate' ? /^\d+$/.test(wish.length) : wish.text !== ''));
}

interface SecretEntryProps {
    wish: SecretWish;
    onChange: (wish: SecretWish) => void;
    mayBeNone?: boolean;
}

export function SecretEntry({ wish, onChange, mayBeNone = false }: SecretEntryProps) {
    const [visible, setVisible] = useState(false);
    const ways = [
        { value: 'generate', label: t('security.way_generate') },
        { value: 'type', label: t('security.way_type') },
        ...(mayBeNone ? [{ value: 'none', label: t('security.way_none') }] : []),
    ];
    return (
        <fieldset class="group stack-tight">
            <legend>{t('security.secret')}</legend>
            <Field label={t('security.way')}>
                <Select value={wish.way} onChange={(way) => onChange({ ...wish, way: way as SecretWay })} options={ways} empty={false} />
            </Field>
            {wish.way !== 'none' && (
                <Field label={t('vault.field')} hint={t('security.field_hint')} required>
                    <TextInput value={wish.field} onChange={(field) => onChange({ ...wish, field })} />
                </Field>
            )}
            {wish.way === 'type' && (
                <>
                    <Field label={t('security.secret')} required>
                        <TextInput
                            type={visible ? 'text' : 'password'}
                            autocomplete="new-password"
                            value={wish.text}
                            onChange={(text) => onChange({ ...wish, text })}
                        />
                    </Field>
                    <CheckBox checked={visible} onChange={setVisible}>
                        {t('security.see_typed')}
                    </CheckBox>
                </>
            )}
            {wish.way === 'generate' && (
                <>
                    <Field label={t('security.length')}>
                        <NumberInput value={wish.length} onChange={(length) => onChange({ ...wish, length })} />
                    </Field>
                    <CheckBox checked={wish.noSymbols} onChange={(noSymbols) => onChange({ ...wish, noSymbols })}>
                        {t('security.no_symbols')}
                    </CheckBox>
                </>
            )}
        </fieldset>
    );
}
