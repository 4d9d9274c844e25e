/* Shares typed from paper: one a line for the command's standard input. */
import { Button, Field, TextInput } from '../design';
import { t } from '../i18n';

/* White space that came in by pasting is left out at the ends. */
export function sharesInput(shares: readonly string[]): string {
    return shares
        .map((share) => share.trim())
        .filter((share) => share !== '')
        .map((share) => `${share}\n`)
        .join('');
}

export function ShareLines({ shares, onChange }: { shares: readonly string[]; onChange: (shares: string[]) => void }) {
    return (
        <>
            {shares.map((share, i) => (
                <Field key={i} label={t('security.share_n', { n: i + 1 })}>
                    <TextInput value={share} onChange={(text) => onChange(shares.map((each, at) => (at === i ? text : each)))} />
                </Field>
            ))}
            <div class="row">
                <Button icon="plus" onClick={() => onChange([...shares, ''])}>
                    {t('security.one_more_share')}
                </Button>
            </div>
        </>
    );
}
